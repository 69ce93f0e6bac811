"""Network namespaces of the tests' own, and what can be done from inside one."""

import contextlib
import ctypes
import ipaddress
import json
import os
import socket
import subprocess
import threading
import time

_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000


def _whose(process: str) -> tuple:
    """What tells one network and one mount namespace from another. Process 1's `ns/` may be closed even to root, so these
    are the inode of a file that each network namespace has of its own, and the ids of the mounts."""
    with open(f"/proc/{process}/mountinfo") as mounts:
        return os.stat(f"/proc/{process}/net/dev").st_ino, {line.split()[0] for line in mounts}


def refuse_the_machines_own() -> None:
    """The tests configure networks and mounts: never those of process 1."""
    (network, mounts), (ours, our_mounts) = _whose("1"), _whose("self")
    if network == ours or mounts & our_mounts:
        raise SystemExit(
            "refusing to run in process 1's network or mount namespace: "
            "use `make test`, or `unshare --net --mount --propagation private …`"
        )


def run(command, check=True, timeout=60, env=None, input=None) -> subprocess.CompletedProcess:
    """A command to its end; what it printed is in the failure."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=timeout, env=env, input=input,
        stdin=subprocess.DEVNULL if input is None else None,
    )
    if check and done.returncode != 0:
        raise AssertionError(
            f"`{' '.join(map(str, command))}` ended with {done.returncode}\n{done.stdout}{done.stderr}".rstrip()
        )
    return done


def until(condition, seconds=5.0, pause=0.02, what="the condition"):
    """Polls until `condition()` is truthy and returns that; fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {seconds:g} s; last: {value!r}")
        time.sleep(pause)


def family(address: str) -> int:
    return socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET


class Listening:
    """A server in a namespace that takes note of who came."""

    def __init__(self, sock: socket.socket, stream: bool):
        self.socket, self.stream, self.peers = sock, stream, []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                if self.stream:
                    connection, peer = self.socket.accept()
                    self.peers.append(peer[0])
                    connection.sendall(b"hello")
                    connection.close()
                else:
                    data, peer = self.socket.recvfrom(2048)
                    if peer is None:
                        return  # Shut down.
                    self.peers.append(peer[0])
                    self.socket.sendto(data, peer)

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Netns:
    """A network namespace, named by a path that opens it."""

    def __init__(self, path: str, name: str):
        self.path, self.name = path, name

    def __repr__(self):
        return f"<{self.name}>"

    def command(self, *words) -> list:
        return ["nsenter", f"--net={self.path}", "--", *words]

    def run(self, *words, **options) -> str:
        return run(self.command(*words), **options).stdout

    def call(self, function):
        """Runs `function` on a thread made for it, inside this namespace; sockets it opens stay there."""
        outcome = {}

        def inside():
            try:
                handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    if _libc.setns(handle, _CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), f"setns into {self.path}")
                finally:
                    os.close(handle)
                outcome["value"] = function()
            except BaseException as error:
                outcome["error"] = error

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        if "error" in outcome:
            raise outcome["error"]
        return outcome["value"]

    def ip(self, *words) -> list:
        """`ip -j -d …`, decoded."""
        text = self.run("ip", "-j", "-d", *words)
        return json.loads(text) if text.strip() else []

    def links(self) -> dict:
        return {link["ifname"]: link for link in self.ip("link") if "ifname" in link}

    def addresses(self, interface: str, scope="global") -> list:
        """`address/length` of one interface, in the kernel's order."""
        found = self.ip("addr", "show", "dev", interface)
        return [
            f"{a['local']}/{a['prefixlen']}" for a in found[0]["addr_info"] if scope is None or a["scope"] == scope
        ]

    def default_route(self, version=4):
        """Gateway and device of the default route, or None."""
        routes = self.ip(f"-{version}", "route", "show", "default")
        return (routes[0].get("gateway"), routes[0]["dev"]) if routes else None

    def sysctl(self, name: str) -> str:
        return self.run("cat", "/proc/sys/" + name).strip()

    def set_sysctl(self, name: str, value) -> None:
        self.run("sh", "-c", f"echo {value} > /proc/sys/{name}")

    def pings(self, address: str, wait=3.0, count=1) -> bool:
        """Whether as many echo requests are answered within `wait` seconds; it is asked five times a second."""
        ping = ["ping", "-n", "-q", "-c", count, "-i", "0.2", "-w", "30", address]
        return run(self.command("timeout", wait, *ping), check=False, timeout=wait + 10).returncode == 0

    def probe(self, address: str, port: int, timeout=1.0, source=None) -> str:
        """A TCP connection attempt: `open`, `refused`, `silent` or the error's name."""

        def attempt():
            with socket.socket(family(address), socket.SOCK_STREAM) as sock:
                sock.settimeout(timeout)
                if source:
                    sock.bind((source, 0))
                try:
                    sock.connect((address, port))
                    return "open" if sock.recv(16) == b"hello" else "closed"
                except (TimeoutError, socket.timeout):
                    return "silent"
                except ConnectionRefusedError:
                    return "refused"
                except OSError as error:
                    return os.strerror(error.errno)

        return self.call(attempt)

    def echoes(self, address: str, port: int, timeout=1.0) -> bool:
        """Whether a UDP datagram comes back."""

        def attempt():
            with socket.socket(family(address), socket.SOCK_DGRAM) as sock:
                sock.settimeout(timeout)
                sock.connect((address, port))
                try:
                    sock.send(b"echo")
                    return sock.recv(16) == b"echo"
                except OSError:
                    return False

        return self.call(attempt)

    @contextlib.contextmanager
    def listening(self, address: str, port: int, stream=True):
        def listen():
            sock = socket.socket(family(address), socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if sock.family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind((address, port))
            if stream:
                sock.listen(16)
            return sock

        server = Listening(self.call(listen), stream)
        try:
            yield server
        finally:
            server.close()


class Space(Netns):
    """A network and mount namespace of our own, alive as long as its one sleeping process."""

    def __init__(self, name: str):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--propagation", "private",
             "sleep", "infinity"],
            stdin=subprocess.DEVNULL,
        )
        self.pid = self.process.pid
        super().__init__(f"/proc/{self.pid}/ns/net", name)
        # A new one waits for every old one that the kernel is taking down.
        until(self._sleeps, 25, what=f"the namespace {name}")
        self.run("ip", "link", "set", "lo", "up")

    def _sleeps(self):
        assert self.process.poll() is None, f"unshare failed with {self.process.returncode}: are we root?"
        with open(f"/proc/{self.pid}/comm") as comm:
            return comm.read().strip() == "sleep"

    def command(self, *words) -> list:
        return ["nsenter", "-t", str(self.pid), "-n", "-m", "--", *words]

    def host_path(self, path: str) -> str:
        """A path as seen in this mount namespace, opened from ours."""
        return f"/proc/{self.pid}/root{path}"

    def mounts(self, under: str) -> list:
        """Mount points below a folder."""
        with open(f"/proc/{self.pid}/mountinfo") as table:
            points = [line.split()[4] for line in table]
        return [point for point in points if point.startswith(under + "/")]

    def nft(self, *words) -> list:
        """`nft -j …`, decoded, without the version line."""
        text = self.run("nft", "-j", *words)
        return [item for item in json.loads(text)["nftables"] if "metainfo" not in item]

    def end(self) -> None:
        self.process.kill()
        self.process.wait(10)


def cable(left: Netns, right: Space, name: str, addresses: dict) -> None:
    """A veth between two namespaces, named alike at both ends; `addresses` maps "left"/"right" to prefixes."""
    left.run("ip", "link", "add", name, "type", "veth", "peer", "name", name, "netns", str(right.pid))
    for side, prefixes in ((left, addresses["left"]), (right, addresses["right"])):
        for prefix in prefixes:
            nodad = ["nodad"] if ":" in prefix else []
            side.run("ip", "addr", "add", prefix, "dev", name, *nodad)
        side.run("ip", "link", "set", name, "up")
