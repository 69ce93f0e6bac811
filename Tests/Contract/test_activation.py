"""Sockets that outlive the daemon: socket units, systemd's fd store, and what is said to systemd meanwhile."""

import http.client
import os
import shutil
import signal
import socket
import stat
import threading
import time

import pytest
from rig.http import API, tcp, unix
from rig.namespaces import until
from rig.supervisor import Supervisor

PORT = 2375


@pytest.fixture
def supervised(new_daemon):
    """A daemon with an fd store, on a unix socket and on TCP."""
    daemon = new_daemon(ports=[PORT])
    daemon.supervisor = Supervisor(daemon.folder)
    return daemon.start()


class Clients:
    """Requests on connections of their own, one after the other from each of several threads, until `end()`."""

    def __init__(self, apis, pause=0.005):
        self.answers, self.refused, self.cut, self.slowest = [], [], [], 0.0
        self._stop, self._pause = threading.Event(), pause
        self._threads = [threading.Thread(target=self._ask, args=(api,)) for api in apis]
        for thread in self._threads:
            thread.start()

    def _ask(self, api):
        while not self._stop.is_set():
            begin = time.monotonic()
            try:
                sock = api.connect()
            except OSError as error:
                self.refused.append(repr(error))
                time.sleep(self._pause)
                continue
            try:
                sock.settimeout(20)
                sock.sendall(b"GET /networks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                response = http.client.HTTPResponse(sock)
                response.begin()
                response.read()
                self.answers.append(response.status)
            except (OSError, http.client.HTTPException) as error:
                self.cut.append(repr(error))
            finally:
                sock.close()
            self.slowest = max(self.slowest, time.monotonic() - begin)
            time.sleep(self._pause)

    def end(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_clients_wait_rather_than_being_refused(supervised, how):
    """Two hundred requests and more by both sockets while the daemon goes and comes: none is refused, all are answered."""
    daemon = supervised
    until(lambda: len(daemon.supervisor.sockets) == 2, what="both sockets in the store")
    before = os.stat(daemon.socket).st_ino
    apis = [API(unix(daemon.socket)), API(unix(daemon.socket)), daemon.tcp_api(PORT), daemon.tcp_api(PORT)]
    clients = Clients(apis)
    try:
        until(lambda: len(clients.answers) > 60, what="answers before")
        getattr(daemon, how)()
        assert os.path.exists(daemon.socket), "the socket stays while the daemon is gone"
        while_down = len(clients.answers)
        time.sleep(0.3)
        assert len(clients.answers) == while_down, "nobody is there to answer"
        daemon.start()
        until(lambda: len(clients.answers) > max(while_down + 60, 200), 20, what="answers after")
    finally:
        clients.end()
    assert clients.refused == []
    # Whom a killed daemon was about to answer it answers no more: one request of each client at most.
    assert len(clients.cut) <= (len(apis) if how == "kill" else 0), clients.cut
    assert set(clients.answers) == {200}
    assert clients.slowest > 0.3, "somebody has waited"
    assert os.stat(daemon.socket).st_ino == before
    assert len(daemon.supervisor.sockets) == 2


def test_sockets_go_on_over_many_lives(supervised):
    daemon = supervised
    held = {name: os.fstat(held[0]).st_ino for name, held in daemon.supervisor.store.items() if "probe" not in name}
    assert len(held) == 2
    daemon.api.run("box")
    for how in ("stop", "kill", "kill", "stop"):
        daemon.restart(how)
        assert daemon.tcp_api(PORT).get("/_ping").status == 200
        # `exec` asks the socket who is at its other end.
        daemon.fairlead("exec", "box", "--", "true")
    now = {name: os.fstat(held[0]).st_ino for name, held in daemon.supervisor.store.items() if "probe" not in name}
    assert now == held and all(len(held) == 1 for held in daemon.supervisor.store.values()), daemon.supervisor.store


@pytest.mark.parametrize("parent", ["none", "holds nothing"])
def test_without_a_store_the_socket_goes_with_the_daemon(new_daemon, parent):
    """No NOTIFY_SOCKET, or a supervisor that keeps none of what it is given: all is as ever."""
    daemon = new_daemon(ports=[PORT])
    if parent != "none":
        daemon.supervisor = Supervisor(daemon.folder, holds=False)
    daemon.start()
    for _ in range(2):
        assert daemon.stop() == 0
        assert not os.path.exists(daemon.socket)
        with pytest.raises(ConnectionRefusedError):
            daemon.tcp_api(PORT).connect()
        daemon.start()
    daemon.restart("kill")
    assert daemon.tcp_api(PORT).get("/_ping").status == 200


def test_another_host_drops_the_old_socket(supervised):
    daemon = supervised
    daemon.stop()
    old, new = daemon.socket, f"{daemon.folder}/other.sock"
    assert os.path.exists(old)
    daemon.socket, daemon.host_options = new, [f"unix://{new}"]
    daemon.api = API(unix(new), daemon.condition)
    daemon.start()
    assert not os.path.exists(old), "the file goes with its socket"
    until(lambda: daemon.supervisor.sockets == [f"held-api-unix_//{new}"], what=f"one socket: {daemon.supervisor.store}")
    with pytest.raises(ConnectionRefusedError):
        daemon.tcp_api(PORT).connect()


@pytest.mark.parametrize("now", ["gone", "another's"])
def test_a_socket_whose_file_is_not_its_own_is_dropped(supervised, now):
    """Whoever opens the path must reach the daemon; a socket nobody can reach any more is no use."""
    daemon = supervised
    daemon.stop()
    os.unlink(daemon.socket)
    if now != "gone":
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(daemon.socket)
    daemon.start()
    assert daemon.api.get("/_ping").status == 200
    until(lambda: len(daemon.supervisor.sockets) == 2, what="both sockets in the store")
    # The one that is held now is the one that serves.
    daemon.restart("stop")
    assert daemon.api.get("/_ping").status == 200


def test_mode_and_group_are_set_again(supervised):
    daemon = supervised
    daemon.stop()
    os.chmod(daemon.socket, 0o777)
    daemon.options = ["--group", "1"]
    daemon.start()
    status = os.stat(daemon.socket)
    assert (stat.S_IMODE(status.st_mode), status.st_gid) == (0o660, 1)


def test_a_socket_unit_beside_held_sockets(new_daemon):
    """`fd://` means what socket units pass, never what was held; that file is systemd's and stays."""
    daemon = new_daemon()
    daemon.supervisor = Supervisor(daemon.folder)
    daemon.host_options = ["fd://", f"tcp://127.0.0.1:{PORT}"]
    server = socket.socket(socket.AF_UNIX)
    server.bind(daemon.socket)
    server.listen(64)
    daemon.supervisor.unit(server)
    daemon.start()
    for how in ("stop", "kill"):
        daemon.restart(how)
        assert daemon.api.get("/_ping").status == 200 and daemon.tcp_api(PORT).get("/_ping").status == 200
        assert daemon.supervisor.sockets == [f"held-api-tcp_//127.0.0.1_{PORT}"]
    daemon.stop()
    assert os.path.exists(daemon.socket)
    daemon.start()


def test_under_systemd_socket_activate(new_daemon):
    """The real one: started by the first client, on two sockets of its."""
    daemon = new_daemon()
    assert shutil.which("systemd-socket-activate"), "scripts/packages test"
    daemon.under = ["systemd-socket-activate", "-l", daemon.socket, "-l", f"127.0.0.1:{PORT}"]
    daemon.host_options = ["fd://"]
    daemon.start()
    assert daemon.tcp_api(PORT).get("/_ping").status == 200
    assert "Listening on" in daemon.log_text()
    assert daemon.stop() == 0
    assert os.path.exists(daemon.socket), "not ours to remove"
    daemon.start()


def test_what_systemd_is_told(supervised):
    """READY, RELOADING with the time and READY again, STOPPING: sd_notify(3)."""
    daemon, parent = supervised, supervised.supervisor
    parent.heard("READY")
    parent.messages.clear()
    begin = time.clock_gettime(time.CLOCK_MONOTONIC)
    daemon.process.send_signal(signal.SIGHUP)
    parent.heard("READY")
    kinds = [key for said in parent.messages for key in ("RELOADING", "READY") if key in said]
    assert kinds == ["RELOADING", "READY"]
    at = int(parent.heard("RELOADING")["MONOTONIC_USEC"]) / 1e6
    assert begin <= at <= time.clock_gettime(time.CLOCK_MONOTONIC)
    daemon.stop()
    assert parent.heard("STOPPING")["STOPPING"] == "1"
    daemon.start()
