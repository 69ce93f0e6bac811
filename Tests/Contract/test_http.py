"""Framing: Docker's headers and routing rules, and what a hostile or careless client may do without harm."""

import json
import os
import re
import resource
import socket
import stat
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from rig.namespaces import until

STANDARD = {"Api-Version": "1.56", "Ostype": "linux", "Docker-Experimental": "false"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("prefix", ["", "/v1.41"])
def test_ping(api, method, prefix):
    reply = api.request(method, f"{prefix}/_ping")
    assert (reply.status, reply.body) == (200, b"OK" if method == "GET" else b"")
    expected = {
        **STANDARD, "Cache-Control": "no-cache, no-store, must-revalidate", "Pragma": "no-cache", "Swarm": "inactive",
        "Content-Type": "text/plain; charset=utf-8", "Content-Length": "2" if method == "GET" else "0",
    }
    assert {name: reply.header(name) for name in expected} == expected
    assert reply.header("Builder-Version") in ("1", "2")


def test_versioned_ping_is_checked(api):
    assert api.get("/v1.57/_ping").status == 400


@pytest.mark.parametrize("target", ["/networks", "/v1.24/networks", "/v1.56/networks/bridge", "/info", "/version"])
def test_standard_headers(api, target):
    reply = api.get(target)
    assert reply.status == 200
    assert {name: reply.header(name) for name in STANDARD} == STANDARD
    assert re.fullmatch(r"Docker/\S+ \(linux\)", reply.header("Server"))
    assert reply.header("Content-Type") == "application/json"
    assert reply.body.endswith(b"\n")


def test_a_version_error_has_its_headers(api):
    reply = api.get("/v1.57/info")
    assert (reply.header("Api-Version"), reply.header("Ostype")) == ("1.56", "linux")
    assert reply.header("Server") is not None
    assert reply.header("Docker-Experimental") is None


@pytest.mark.parametrize("target", ["/nope", "/v9.99/nope"])
def test_page_not_found_has_no_docker_headers(api, target):
    reply = api.get(target)
    assert (reply.status, reply.text) == (404, '{"message":"page not found"}\n')
    assert reply.header("Content-Type") == "application/json"
    for name in ("Api-Version", "Ostype", "Docker-Experimental"):
        assert reply.header(name) is None


def test_options(api):
    reply = api.request("OPTIONS", "/anything/at/all")
    assert (reply.status, reply.body, reply.header("Api-Version")) == (200, b"", "1.56")
    assert api.request("OPTIONS", "/v1.57/anything").status == 400


def test_doubled_slashes_are_redirected(api):
    reply = api.get("//networks")
    assert (reply.status, reply.header("Location")) == (301, "/networks")


def test_the_one_trailing_slash(api):
    assert api.get("/networks/").json == api.get("/networks").json


def test_paths_are_matched_decoded(api):
    api.create_network("a/b c")
    assert api.get("/networks/a%2Fb%20c").json["Name"] == "a/b c"
    assert api.get("/networks/a/b%20c").json["Name"] == "a/b c"
    assert api.get("/%6eetworks").status == 200


def test_json_is_not_escaped_for_html(api):
    api.create_network("x", Labels={"k": "<a&b> \u00e9"})
    assert "<a&b> \u00e9".encode() in api.get("/networks/x").body


def test_maps_come_out_sorted(api):
    api.create_network("x", Labels={key: "" for key in "zebra ape Mole 10 9".split()})
    labels = json.loads(api.get("/networks/x").body, object_pairs_hook=list)
    assert [key for key, _ in dict(labels)["Labels"]] == sorted("zebra ape Mole 10 9".split())


def test_version(api):
    reply = api.get("/version").json
    assert (reply["ApiVersion"], reply["MinAPIVersion"], reply["Os"], reply["Arch"]) == ("1.56", "1.24", "linux", "amd64")
    assert reply["Platform"]["Name"] == "Fairlead"
    engine = next(part for part in reply["Components"] if part["Name"] == "Engine")
    assert all(isinstance(value, str) for value in engine["Details"].values())
    assert engine["Details"]["KernelVersion"] == reply["KernelVersion"] == os.uname().release


def test_info(daemon, api):
    info = api.get("/info").json
    assert info["OSType"] == "linux"
    assert info["DockerRootDir"] == daemon.data_root
    assert info["NCPU"] == os.cpu_count()
    assert info["KernelVersion"] == os.uname().release
    assert {"bridge", "host", "null"} <= set(info["Plugins"]["Network"])
    assert info["Plugins"]["Network"] == sorted(info["Plugins"]["Network"])
    assert info["Swarm"]["LocalNodeState"] == "inactive"
    assert info["FirewallBackend"]["Driver"] == "nftables"
    for key in ("RegistryConfig", "Swarm", "Plugins"):
        assert isinstance(info[key], dict)
    assert isinstance(info["SecurityOptions"], list)
    api.create("idle")
    api.run("busy")
    counts = api.get("/info").json
    assert [counts[key] for key in ("Containers", "ContainersRunning", "ContainersStopped", "ContainersPaused")] == [2, 1, 1, 0]
    assert info["IPv4Forwarding"] is True


def test_firewall_backend_came_with_1_49(api):
    assert "FirewallBackend" not in api.get("/v1.48/info").json
    assert "FirewallBackend" in api.get("/v1.49/info").json


# --- many requests on one connection


def test_keep_alive_and_pipelining(daemon):
    request = b"GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = daemon.api.raw(request + request + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 3 and answer.endswith(b"OK")


def test_http_1_0(daemon):
    assert daemon.api.raw(b"GET /_ping HTTP/1.0\r\n\r\n").endswith(b"OK")


# --- smuggling, size, pace


SMUGGLED = {
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n",
    "two equal lengths": b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n",
    "length and chunked": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /_ping HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("rest", SMUGGLED.values(), ids=SMUGGLED)
def test_ambiguous_framing_is_refused(daemon, rest):
    head = b"POST /networks/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    answer = daemon.api.raw(head + rest, timeout=3)
    assert answer.startswith(b"HTTP/1.1 400 "), answer[:300]
    assert answer.count(b"HTTP/1.1 ") == 1, "what follows a refused frame is not read as a request"


MEBI = 1 << 20


def large(size):
    return b'{"Name":"","Ignored":"' + b"a" * (size - 24) + b'"}'


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_body_just_under_the_limit_is_read(api, chunked):
    headers = {"Content-Type": "application/json"}
    reply = api.post("/networks/create", large(16 * MEBI - 1), headers=headers, chunked=chunked, timeout=60)
    assert (reply.status, reply.message) == (400, "invalid name: name is empty")


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_body_over_the_limit_is_refused(daemon, chunked):
    """16 MiB is where a JSON body ends; the daemon neither collects more nor falls over."""
    before = _resident(daemon)
    head = b"POST /networks/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    size = 64 * MEBI
    with daemon.api.connect() as sock:
        sock.settimeout(15)
        framing = b"Transfer-Encoding: chunked\r\n\r\n" if chunked else f"Content-Length: {size}\r\n\r\n".encode()
        answer, sent, block = b"", 0, b"a" * MEBI
        try:
            sock.sendall(head + framing)
            while sent < size:
                sock.sendall(b"100000\r\n" + block + b"\r\n" if chunked else block)
                sent += MEBI
        except OSError:
            pass  # It may stop listening once it has answered.
        try:
            while chunk := sock.recv(65536):
                answer += chunk
                if b"\r\n\r\n" in answer:
                    break
        except OSError:
            pass
    assert answer.startswith((b"HTTP/1.1 413 ", b"HTTP/1.1 400 ")) or (sent < size and not answer), answer[:300]
    assert sent <= 34 or answer
    assert daemon.api.get("/_ping").status == 200
    assert _resident(daemon) - before < 80 * MEBI


def _resident(daemon) -> int:
    with open(f"/proc/{daemon.process.pid}/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


GARBAGE = {
    "nothing": b"",
    "half a line": b"GET /netw",
    "half the headers": b"GET /networks HTTP/1.1\r\nHost: x\r\nX-Half",
    "half a body": b"POST /networks/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    "half a chunk": b"POST /networks/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    "a bad chunk size": b"POST /networks/create HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "zeros": b"\0" * 100,
    "a TLS greeting": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 200,
    "an endless header": b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000,
    "an endless target": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
    "percent": b"GET /networks/%zz%0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "a zero in a name": b"GET /networks/a%00b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "no UTF-8": b"GET /networks/%ff%fe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
}


def test_half_requests_and_garbage_leave_nothing(daemon):
    """Every kind of broken request, abandoned; the daemon goes on and gives its descriptors back."""
    api, before = daemon.api, daemon.descriptors()
    for _ in range(5):
        for data in GARBAGE.values():
            with api.connect() as sock:
                try:
                    sock.sendall(data)
                except OSError:
                    pass
        assert api.get("/_ping").status == 200
    until(lambda: daemon.descriptors() <= before + 2, 10, what="descriptors going back")


def test_slow_requests_do_not_hold_up_others(daemon):
    held = []
    try:
        for data in list(GARBAGE.values())[1:5] * 40:
            sock = daemon.api.connect()
            sock.sendall(data)
            held.append(sock)
        started = time.monotonic()
        assert daemon.api.get("/networks").status == 200
        assert daemon.api.expect(201, "POST", "/networks/create", {"Name": "meanwhile"})
        assert time.monotonic() - started < 3
    finally:
        for sock in held:
            sock.close()


def test_a_thousand_idle_connections(daemon):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    before, held = daemon.descriptors(), []
    try:
        for _ in range(1000):
            held.append(daemon.api.connect())
        for _ in range(5):
            started = time.monotonic()
            assert daemon.api.get("/_ping", timeout=10).status == 200
            assert time.monotonic() - started < 3
    finally:
        for sock in held:
            sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    until(lambda: daemon.descriptors() <= before + 2, 15, what="descriptors going back")


def test_requests_at_once(api):
    """Of many creations of one name exactly one succeeds; different names all do."""
    with ThreadPoolExecutor(16) as pool:
        same = list(pool.map(lambda _: api.post("/networks/create", {"Name": "same"}), range(16)))
        different = list(pool.map(lambda n: api.post("/networks/create", {"Name": f"n{n}", "IPAM": {"Config": [
            {"Subnet": f"10.40.{n}.0/24"}]}}), range(16)))
    assert sorted(reply.status for reply in same) == [201] + [409] * 15
    assert [reply.status for reply in different] == [201] * 16


# --- listeners


def test_socket_mode(daemon):
    assert stat.S_IMODE(os.stat(daemon.socket).st_mode) == 0o660


def test_group(new_daemon):
    daemon = new_daemon("--group", "daemon").start()
    assert os.stat(daemon.socket).st_gid == 1, "the group called daemon is 1 on Debian"


def test_an_unknown_group_is_fatal(new_daemon):
    daemon = new_daemon("--group", "no-such-group")
    assert daemon.launch().wait(15) != 0
    assert "no-such-group" in daemon.log_text()


def test_the_socket_is_removed_and_the_pidfile_too(new_daemon):
    daemon = new_daemon()
    pidfile = f"{daemon.folder}/pid"
    daemon.options += ["--pidfile", pidfile]
    daemon.start()
    assert open(pidfile).read().strip() == str(daemon.process.pid)
    assert daemon.stop() == 0
    assert not os.path.exists(pidfile)
    daemon.start()


def test_a_socket_file_left_by_a_crash_is_no_obstacle(new_daemon):
    daemon = new_daemon().start()
    daemon.kill()
    assert os.path.exists(daemon.socket)
    daemon.start()


@pytest.mark.parametrize(
    "host, said",
    [("udp://127.0.0.1:1", "unsupported proto 'udp'"), ("tcp://127.0.0.1:abc", "invalid port"),
     ("tcp://127.0.0.1:0", "invalid port"), ("tcp://127.0.0.1:2375/x", "should not contain a path element"),
     ("fd://", "no sockets found via socket activation: make sure the service was started by systemd")],
)
def test_bad_hosts(new_daemon, host, said):
    daemon = new_daemon(host_options=[host])
    assert daemon.launch().wait(15) != 0
    assert said in daemon.log_text()


def test_clean_shutdown_with_streams_open(new_daemon):
    """SIGTERM ends the daemon soon and with 0, and every stream ends rather than hangs."""
    daemon = new_daemon().start()
    daemon.api.run("box")
    streams = [daemon.api.open("GET", "/events", timeout=10) for _ in range(3)]
    streams.append(daemon.api.open("POST", "/containers/box/wait", timeout=10))
    idle = daemon.api.connect()
    half = daemon.api.connect()
    half.sendall(GARBAGE["half a body"])
    started = time.monotonic()
    assert daemon.stop(10) == 0
    assert time.monotonic() - started < 6
    for connection, response in streams:
        try:
            response.read()
        except (socket.timeout, TimeoutError):
            raise AssertionError("a stream was left hanging") from None
        except Exception:
            pass  # Cut short is an end, too.
        connection.close()
    for sock in (idle, half):
        sock.close()
    daemon.start()
    daemon.api.clear()
