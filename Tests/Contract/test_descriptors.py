"""Few open files allowed: clients are kept waiting, nothing else suffers."""

import http.client
import json
import re
import socket
import time

import pytest
from rig import crowd
from rig.crowd_settled import settled


def limited(new_daemon, limit: int):
    daemon = new_daemon(ports=[2375])
    daemon.under = ["prlimit", f"--nofile={limit}:{limit}"]
    return daemon


class Kept:
    """One connection, made once."""

    def __init__(self, daemon):
        self.connection = http.client.HTTPConnection("localhost", timeout=20)
        self.connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.connection.sock.settimeout(20)
        self.connection.sock.connect(daemon.socket)

    def request(self, method, target, body=None):
        headers = {"Content-Type": "application/json"} if body else {}
        self.connection.request(method, target, json.dumps(body) if body else None, headers)
        response = self.connection.getresponse()
        response.read()
        return response.status

    def close(self):
        self.connection.close()


def test_connections_never_take_all_descriptors(new_daemon):
    """Idle connections enough to use up every descriptor: what needs one elsewhere still gets it. (libdispatch ends a process
    that cannot open a file when it looks after its threads, every second.)"""
    daemon = limited(new_daemon, 128)
    daemon.start()
    busy, idle = Kept(daemon), []
    try:
        for _ in range(200):
            idle.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            idle[-1].setblocking(False)
            try:
                idle[-1].connect(daemon.socket)
            except BlockingIOError:  # The backlog is full, too.
                idle.pop().close()
                break
        assert len(idle) > 100
        end = time.monotonic() + 4
        while time.monotonic() < end:
            # One of the requests that were there first, so that there is work to look after.
            assert busy.request("POST", "/networks/create", {"Name": "n"}) == 201
            assert busy.request("DELETE", "/networks/n") == 204
            assert daemon.descriptors() < 120
            daemon.must_live()
            time.sleep(0.05)
    finally:
        busy.close()
        for each in idle:
            each.close()
    daemon.api.run("after")
    assert settled(daemon) == []


def test_crowd_with_few_descriptors(new_daemon):
    """Sixty-four clients, most of which have to wait for a connection."""
    daemon = limited(new_daemon, 128)
    daemon.start()
    report = crowd.run(daemon, 5, kept=0)
    print(report)
    assert not report.faults, "\n".join(report.faults)
    assert report.requests > 200
    assert settled(daemon) == []


@pytest.mark.parametrize("limit", [40, 64, 100])
def test_too_few_are_refused_at_start(new_daemon, limit):
    daemon = limited(new_daemon, limit)
    daemon.launch()
    assert daemon.process.wait(10) == 1
    said = daemon.log_text()
    assert re.search(f"the limit of open files is {limit}, at least 120 are needed here: raise it", said), said
