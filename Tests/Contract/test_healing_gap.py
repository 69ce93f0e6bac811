"""From the restoring batch on, nothing passes that the rules stop: connections begun while they were away included."""

import contextlib
import os
import re
import signal
import socket
import struct
import threading
import time

import pytest
from rig.daemon import OUTSIDE4
from rig.house import SOON, rules
from rig.namespaces import until

# What conntrack is told to follow while our table is away.
FOLLOWER = """table inet theirs {
    chain look { type filter hook forward priority -10; ct state established counter accept; }
    chain translate { type nat hook postrouting priority 90; }
}"""

LOSSES = {
    "the table": ["delete table inet fairlead"],
    "the chain forward": ["flush chain inet fairlead forward", "flush chain inet fairlead source"],
    "the ruleset": ["flush ruleset"],
    "sets": [f"flush set inet fairlead {name}" for name in ("confined", "protected", "translated")],
    "foreign rules": [
        "insert rule inet fairlead forward accept", "insert rule inet fairlead source meta nfproto ipv4 accept"],
}


class Stream:
    """Numbered datagrams from one socket to another, answered; beside each, just before it, one from a new port: what the
    rules say to that one is what they say by now."""

    def __init__(self, source, source_address, target, address, port):
        self.source, self.target, self.goal = source, target, (address, port)
        self.steady, self.fresh, self.sent = {}, {}, 0
        self._over = threading.Event()
        self._server = target.call(lambda: self._bound(("0.0.0.0", port)))
        self._client = source.call(lambda: self._bound((source_address, 0)))
        self._threads = [threading.Thread(target=self._serve, daemon=True),
                         threading.Thread(target=lambda: source.call(self._send), daemon=True)]

    @staticmethod
    def _bound(address):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
        sock.bind(address)
        sock.settimeout(0.2)
        return sock

    def _serve(self):
        while not self._over.is_set():
            with contextlib.suppress(OSError):
                data, peer = self._server.recvfrom(64)
                kind, number = struct.unpack("=cI", data)
                (self.steady if kind == b"s" else self.fresh)[number] = peer[0]
                self._server.sendto(data, peer)

    def _send(self):
        while not self._over.is_set():
            self.sent += 1
            with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as fresh:
                fresh.sendto(struct.pack("=cI", b"f", self.sent), self.goal)
            with contextlib.suppress(OSError):
                self._client.sendto(struct.pack("=cI", b"s", self.sent), self.goal)
            time.sleep(0.0007)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join(5)
        self._server.close()
        self._client.close()


def lose(daemon, commands):
    """A gap of a third of a second: the daemon sleeps meanwhile."""
    before = daemon.table()
    os.kill(daemon.process.pid, signal.SIGSTOP)
    try:
        daemon.space.run("nft", "-f", "-", input="\n".join(commands))
        time.sleep(0.35)
    finally:
        os.kill(daemon.process.pid, signal.SIGCONT)
    until(lambda: rules(daemon) == before, SOON, what="the rules")


@pytest.fixture
def gap(house):
    """More networks: one whose addresses are not guarded before connection tracking, and an internal one."""
    api = house.api
    api.create_network("plain", "10.4.0.0/24", Options={"com.docker.network.bridge.enable_ip_masquerade": "false"})
    api.create_network("inner", "10.5.0.0/24", Internal=True)
    api.run("plain1", "plain")
    api.run("inner1", "inner")
    house.container("inner1").run("ip", "route", "add", "default", "via", "10.5.0.1")
    house.space.run("nft", "-f", "-", input=FOLLOWER)
    # Many other connections: it takes a while to look through them.
    house.space.call(lambda: crowd(OUTSIDE4))
    yield house
    house.space.run("sh", "-c", "nft delete table inet theirs 2>/dev/null || true")
    for name in ("plain1", "inner1"):
        api.delete(f"/containers/{name}?force=1")
    for name in ("plain", "inner"):
        api.remove_network(name)


def crowd(address, count=4000):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for port in range(10000, 10000 + count):
            with contextlib.suppress(OSError):
                sock.sendto(b"x", (address, port))


@pytest.mark.parametrize("loss", LOSSES, ids=lambda name: name.replace(" ", "-"))
def test_nothing_passes_once_the_rules_are_back(gap, loss):
    web, inner, plain = (gap.container(name) for name in ("web", "inner1", "plain1"))
    forbidden = {
        "one network to another": Stream(web, "10.1.0.2", plain, "10.4.0.2", 5001),
        "the outside to a container": Stream(gap.outside, OUTSIDE4, plain, "10.4.0.2", 5002),
        "an internal network to the outside": Stream(inner, "10.5.0.2", gap.outside, OUTSIDE4, 5003),
    }
    masked = Stream(web, "10.1.0.2", gap.outside, OUTSIDE4, 5004)
    with contextlib.ExitStack() as stack:
        for stream in (*forbidden.values(), masked):
            stack.enter_context(stream)
        time.sleep(0.3)
        lose(gap, LOSSES[loss])
        time.sleep(0.4)
    leaks = 0
    for name, stream in forbidden.items():
        if not stream.fresh:
            continue  # This loss opens another way.
        leaks += 1
        restored = next(n for n in range(min(stream.fresh), stream.sent + 1) if n not in stream.fresh)
        late = [n for n in stream.steady if n >= restored]
        assert len(stream.steady) > 20, f"{name}: nothing passed in the gap, so nothing is shown"
        assert not late, f"{name}: {len(late)} passed after the rules were back at {restored}: {late[:5]}"
        assert max(stream.fresh) < restored, f"{name}: {max(stream.fresh)} passed"
    assert leaks or loss == "sets", "nothing passed in the gap, so nothing is shown"
    own = {n for n, source in masked.fresh.items() if source == "10.1.0.2"}
    assert own, "all was translated in the gap, so nothing is shown"
    late = [n for n, source in masked.steady.items() if n > max(own) + 1 and source == "10.1.0.2"]
    assert not late, f"{len(late)} left untranslated after the rules were back at {max(own)}: {late[:5]}"
    assert max(masked.steady) > masked.sent - 100, "what is allowed does not pass any more"
    assert not re.search("while connections begun", str(gap.table())), "the hold is still there"


class Conversation:
    """A TCP connection over which both sides send and answer without end."""

    def __init__(self, client, server, address, port):
        self.rounds, self.failure = 0, None
        self.rest, self._over = threading.Event(), threading.Event()
        self._listener = server.call(lambda: socket.create_server((address, port)))
        threading.Thread(target=self._answer, daemon=True).start()
        self._socket = client.call(lambda: socket.create_connection((address, port), 5))
        self._thread = threading.Thread(target=self._talk, daemon=True)
        self._thread.start()

    def _answer(self):
        peer, _ = self._listener.accept()
        with contextlib.suppress(OSError):
            while data := peer.recv(64):
                peer.sendall(data)

    def _talk(self):
        try:
            self._socket.settimeout(8)
            while not self._over.is_set():
                if self.rest.is_set():
                    time.sleep(0.01)
                    continue
                self._socket.sendall(b"ping")
                assert self._socket.recv(64) == b"ping"
                self.rounds += 1
                time.sleep(0.001)
        except (OSError, AssertionError) as error:
            self.failure = error

    def end(self):
        self._over.set()
        self._thread.join(10)
        self._socket.close()
        self._listener.close()


@pytest.mark.parametrize("commands", (["flush ruleset"], ["delete table inet fairlead"]), ids=("ruleset", "table"))
def test_what_is_allowed_goes_on(gap, commands):
    """Connections from before, in one network and under an address of the host, live through it. Without any rule, a
    segment for the latter would reach the host itself, which resets it: nobody can help that, so it rests meanwhile."""
    # Who is outside has no way to a container's own address, as on the Internet.
    gap.outside.run("ip", "route", "del", "10.0.0.0/8")
    talks = []
    try:
        web, app = gap.container("web"), gap.container("app")
        talks = [Conversation(web, app, "10.1.0.3", 6001), Conversation(web, gap.outside, OUTSIDE4, 6002)]
        until(lambda: all(talk.rounds > 20 for talk in talks), 5, what="two conversations")
        if commands == ["flush ruleset"]:
            talks[1].rest.set()
            time.sleep(0.3)
        lose(gap, commands)
        before = [talk.rounds for talk in talks]
        talks[1].rest.clear()
        until(lambda: all(talk.rounds > old + 20 for talk, old in zip(talks, before)), 6, what="their going on")
        assert not any(talk.failure for talk in talks), [talk.failure for talk in talks]
    finally:
        for talk in talks:
            talk.end()
        gap.outside.run("ip", "route", "add", "10.0.0.0/8", "via", "192.0.2.1")


def test_what_began_while_the_daemon_was_away_ends_at_its_start(gap):
    plain, stream = gap.container("plain1"), None
    before = gap.table()
    gap.kill()
    gap.space.run("nft", "delete", "table", "inet", "fairlead")
    with Stream(gap.outside, OUTSIDE4, plain, "10.4.0.2", 5002) as stream:
        until(lambda: len(stream.steady) > 50, 5, what="a connection in the gap")
        gap.start()
        until(lambda: rules(gap) == before, SOON, what="the rules")
        time.sleep(0.3)
    restored = next(n for n in range(min(stream.fresh), stream.sent + 1) if n not in stream.fresh)
    assert not [n for n in stream.steady if n >= restored]
    assert "ended connections that the rules would not let begin" in gap.log_text()
