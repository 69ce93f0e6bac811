"""Traffic at a steady rate from inside one namespace, and what became of it; `Traffic` runs this file there.

Echo requests (ICMP, ICMPv6), a thousand a second to each target, are counted by their numbers: one that is sent late is late,
not lost. TCP connections are opened one after the other, each until it has read the greeting."""

import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time

_PACKET = struct.Struct("!BBHHHQ")
_TCP_INFO_RETRANSMITS = 8 + 23 * 4  # tcpi_total_retrans of linux/tcp.h


class Traffic:
    """Started in a namespace, ended by `end()`, which returns the figures by target."""

    def __init__(self, netns, pings=(), dials=(), port=7070):
        self.process = subprocess.Popen(
            netns.command(sys.executable, os.path.abspath(__file__), json.dumps([list(pings), list(dials), port])),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line == "ready\n", f"traffic in {netns} did not begin: {line!r}"

    def end(self) -> dict:
        out, _ = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, out
        return json.loads(out)


class Greeter:
    """A TCP server in a namespace that greets and closes, in a process of its own."""

    def __init__(self, netns, port=7070):
        self.process = subprocess.Popen(
            netns.command(sys.executable, os.path.abspath(__file__), json.dumps(["greet", port])),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def end(self) -> None:
        self.process.communicate(timeout=10)


# --- inside the namespace


def _checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class _Pings:
    def __init__(self, address: str, identifier: int):
        self.is_ipv6, self.identifier = ":" in address, identifier
        protocol = socket.getprotobyname("ipv6-icmp") if self.is_ipv6 else socket.IPPROTO_ICMP
        self.socket = socket.socket(socket.AF_INET6 if self.is_ipv6 else socket.AF_INET, socket.SOCK_RAW, protocol)
        # Not to lose in our own socket what has come back.
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
        self.socket.setblocking(False)
        self.socket.connect((address, 0))
        self.sent, self.missing, self.refused = 0, set(), []

    def send(self) -> None:
        kind = 128 if self.is_ipv6 else 8
        fields = (self.identifier, self.sent & 0xFFFF, self.sent)
        packet = _PACKET.pack(kind, 0, 0, *fields)
        # Of ICMPv6 the kernel makes it itself.
        packet = _PACKET.pack(kind, 0, 0 if self.is_ipv6 else _checksum(packet), *fields)
        try:
            self.socket.send(packet)
        except OSError as error:
            self.refused.append(error.strerror)
        self.missing.add(self.sent)
        self.sent += 1

    def receive(self) -> None:
        while True:
            try:
                data = self.socket.recv(2048)
            except BlockingIOError:
                return
            except OSError as error:
                self.refused.append(error.strerror)
                continue
            if not self.is_ipv6:
                data = data[(data[0] & 15) * 4:]
            if len(data) < _PACKET.size:
                continue
            kind, _, _, identifier, _, number = _PACKET.unpack(data[:_PACKET.size])
            if kind == (129 if self.is_ipv6 else 0) and identifier == self.identifier:
                self.missing.discard(number)


def _dial(address: str, port: int, stop: threading.Event, figures: dict) -> None:
    figures.update(opened=0, failed=[], retransmitted=0)
    while not stop.is_set():
        try:
            with socket.create_connection((address, port), timeout=10) as connection:
                if connection.recv(16) != b"hello":
                    raise OSError(0, "closed without a greeting")
                information = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
                figures["retransmitted"] += struct.unpack_from("=I", information, _TCP_INFO_RETRANSMITS)[0]
                figures["opened"] += 1
        except OSError as error:
            figures["failed"].append(str(error))
        time.sleep(0.01)


def _run(pings: list, dials: list, port: int) -> dict:
    streams = {address: _Pings(address, (os.getpid() + index) & 0xFFFF) for index, address in enumerate(pings)}
    stop, dialled = threading.Event(), {address: {} for address in dials}
    threads = [threading.Thread(target=_dial, args=(address, port, stop, dialled[address])) for address in dials]
    for thread in threads:
        thread.start()
    poll = select.poll()
    for stream in streams.values():
        poll.register(stream.socket, select.POLLIN)
    poll.register(0, select.POLLIN | select.POLLHUP)
    print("ready", flush=True)
    begin, rounds, ending = time.monotonic(), 0, None
    while True:
        now = time.monotonic()
        while ending is None and rounds <= (now - begin) * 1000:
            for stream in streams.values():
                stream.send()
            rounds += 1
        for descriptor, _ in poll.poll(1):
            if descriptor == 0 and ending is None:
                ending = now
                poll.unregister(0)
                stop.set()
        for stream in streams.values():
            stream.receive()
        if ending is not None and (now - ending > 3 or not any(stream.missing for stream in streams.values())):
            break
    for thread in threads:
        thread.join()
    return {
        "seconds": ending - begin,
        "pings": {address: {"sent": stream.sent, "lost": len(stream.missing), "refused": stream.refused[:5]}
                  for address, stream in streams.items()},
        "dials": dialled,
    }


def _greet(port: int) -> None:
    server = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1024)
    print("ready", flush=True)

    def serve():
        while True:
            connection, _ = server.accept()
            with connection:
                try:
                    connection.sendall(b"hello")
                    connection.shutdown(socket.SHUT_WR)
                except OSError:
                    pass

    threading.Thread(target=serve, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    words = json.loads(sys.argv[1])
    if words[0] == "greet":
        _greet(words[1])
    else:
        print(json.dumps(_run(*words)))
