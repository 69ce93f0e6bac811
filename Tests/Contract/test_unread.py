"""Clients that ask for much and read nothing."""

import socket

from rig.crowd_settled import Usage

ASK = b"GET /networks HTTP/1.1\r\nHost: localhost\r\n\r\n"
# Sixteen labels of a MiB make one list; 256 MiB of such may wait, and the daemon itself needs some.
MOST = 450 << 10


def ask(daemon):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(20)
    sock.connect(daemon.socket)
    sock.sendall(ASK)
    # The answer has begun: it is held until it is read.
    return sock, sock.recv(12)


def test_unread_answers_are_bounded(new_daemon):
    daemon = new_daemon()
    daemon.start()
    for number in range(16):
        daemon.api.create_network(f"big{number}", ConfigOnly=True, Labels={"big": "x" * (1 << 20)})
    waiting, refused = [], 0
    try:
        for number in range(40):
            # Each change makes another list of it.
            daemon.api.create_network(f"n{number}", ConfigOnly=True)
            sock, status = ask(daemon)
            refused += status == b"HTTP/1.1 503"
            assert status in (b"HTTP/1.1 200", b"HTTP/1.1 503")
            waiting.append(sock)
        assert 15 <= refused < 30, f"{refused} of 40 lists of 16 MiB were refused"
        assert Usage(daemon).memory < MOST, Usage(daemon)
        assert daemon.api.get("/_ping").status == 200
        assert daemon.api.inspect_network("n0")["Name"] == "n0"
        reply = daemon.api.get("/networks")
        assert (reply.status, reply.message) == (503, "too many large answers wait to be read")
    finally:
        for sock in waiting:
            sock.close()
    daemon.api.expect(200, "GET", "/networks")


def test_one_list_for_many_counts_once(new_daemon):
    daemon = new_daemon()
    daemon.start()
    for number in range(16):
        daemon.api.create_network(f"big{number}", ConfigOnly=True, Labels={"big": "x" * (1 << 20)})
    daemon.api.get("/networks")
    waiting = [ask(daemon) for _ in range(100)]
    assert {status for _, status in waiting} == {b"HTTP/1.1 200"}
    assert Usage(daemon).memory < 200 << 10, Usage(daemon)
    for sock, _ in waiting:
        sock.close()
