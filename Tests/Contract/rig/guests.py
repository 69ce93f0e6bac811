"""Network namespaces that somebody else made, for a container to adopt; and what would keep one of them alive."""

import ctypes
import glob
import os
import re
import signal
import struct
import subprocess
import sys

from .namespaces import Netns, Space, run, until

_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET, _SYS_CLONE3 = 0x40000000, 435


class Named(Netns):
    """What `ip netns add` makes, on the daemon's machine; it lives by its mount alone."""

    def __init__(self, space: Space, name: str):
        self.space = space
        if not any(point == "/run" for point in space.mounts("")):
            space.run("mount", "-t", "tmpfs", "none", "/run")
        space.run("ip", "netns", "add", name)
        self.inside = f"/run/netns/{name}"
        super().__init__(space.host_path(self.inside), name)

    def end(self) -> None:
        if os.path.lexists(self.path):
            self.space.run("ip", "netns", "del", self.name)

    def move_over(self, other) -> None:
        """From one moment to the next, this one is behind the other's path."""
        self.space.run("sh", "-c", f"umount -l {other.inside}; mount --bind {self.inside} {other.inside}")

    def keeper(self) -> subprocess.Popen:
        """A process in it, which keeps it alive without its name."""
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *self.command("sleep", "infinity")], stdin=subprocess.DEVNULL)
        until(lambda: _comm(process.pid) == "sleep", what="a process in the namespace")
        return process


def _comm(pid: int) -> str:
    with open(f"/proc/{pid}/comm") as name:
        return name.read().strip()


class Roamer(Netns):
    """A process in a namespace of its own that moves to another when told."""

    _SCRIPT = """
import ctypes, sys
for _ in range(2):
    assert ctypes.CDLL(None).unshare(0x40000000) == 0
    print("there", flush=True)
    sys.stdin.readline()
"""

    def __init__(self, name: str):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", sys.executable, "-c", self._SCRIPT],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        super().__init__(f"/proc/{self.pid}/ns/net", name)
        assert self.process.stdout.readline() == "there\n"

    def move(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "there\n"

    def end(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)


class Reborn(Netns):
    """A process with a number that was another's, in a new namespace of its own (clone3(2), `set_tid`)."""

    def __init__(self, pid: int, name: str):
        number = (ctypes.c_int32 * 1)(pid)
        arguments = struct.pack(
            "11Q", _CLONE_NEWNET, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, ctypes.addressof(number), 1, 0)
        words = [b"/usr/bin/setpriv", b"--pdeathsig", b"KILL", b"sleep", b"infinity"]
        vector = (ctypes.c_char_p * (len(words) + 1))(*words, None)
        child = _libc.syscall(_SYS_CLONE3, arguments, len(arguments))
        if child == 0:
            _libc.execv(words[0], vector)
            _libc._exit(1)
        assert child == pid, f"clone3 gave {child} ({os.strerror(ctypes.get_errno())}), not {pid}"
        self.pid = pid
        super().__init__(f"/proc/{pid}/ns/net", name)

    def end(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def tether(guest: Netns, far: Space, name: str) -> None:
    """A veth from the guest to another namespace: its far end is there as long as the guest is."""
    far.run("ip", "link", "add", name, "type", "veth", "peer", "name", "tether")
    handle = os.open(guest.path, os.O_RDONLY)
    try:
        run(["nsenter", f"--net={far.path}", "--", "ip", "link", "set", "tether", "netns", f"/proc/{os.getpid()}/fd/{handle}"])
    finally:
        os.close(handle)


def handles(daemon) -> list:
    """What of the daemon's leads to another namespace than its own: descriptors, and threads that are elsewhere."""
    process, found = daemon.process.pid, []
    home = os.readlink(f"/proc/{process}/ns/net")
    for path in glob.glob(f"/proc/{process}/fd/*") + glob.glob(f"/proc/{process}/task/*/ns/net"):
        try:
            target = os.readlink(path)
        except OSError:
            continue
        if re.match(r"net:\[", target) and target != home or "/ns/net" in target or "netns/" in target:
            found.append(f"{path} -> {target}")
    return found


def holds_nothing(daemon, seconds=3.0) -> None:
    """But for the moment in which something is done or announced there."""
    until(lambda: handles(daemon) == [], seconds, what=f"the end of handles such as {handles(daemon)[:3]}")


def contents(netns: Netns) -> dict:
    """All that can be told of a namespace, but for counters and what changes by itself."""
    sysctls = netns.run("sysctl", "-a", "-r", r"^net\.", check=False).splitlines()
    return {
        "links": [_steady(link) for link in netns.ip("link")],
        "addresses": [_steady(link) for link in netns.ip("addr")],
        "routes": netns.ip("route", "show", "table", "all"),
        "routes6": netns.ip("-6", "route", "show", "table", "all"),
        "rules": netns.ip("rule"),
        "nft": netns.run("nft", "-s", "-j", "list", "ruleset"),
        "sysctls": [line for line in sysctls if not re.search(r"stats|_count |max_.*lifetime|\.hystart", line)],
    }


def changes(before: dict, now: dict) -> list:
    """Between two looks at the same namespace."""
    found = []
    for part, was in before.items():
        if was != now[part]:
            lists = isinstance(was, list)
            gone = [each for each in was if each not in now[part]] if lists else was
            come = [each for each in now[part] if each not in was] if lists else now[part]
            found.append(f"{part}: gone {gone}, come {come}")
    return found


def _steady(item):
    if isinstance(item, dict):
        return {
            key: _steady(value) for key, value in item.items()
            if key not in ("stats64", "stats", "preferred_life_time", "valid_life_time") and not key.endswith("timer")
        }
    return [_steady(each) for each in item] if isinstance(item, list) else item
