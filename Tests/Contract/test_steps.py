"""The steps that the daemon announces are all there are: compared with the system calls that strace sees."""

import os
import re
import signal
import time

import pytest
from rig.agreement import agrees, disagreements
from rig.namespaces import until
from rig.steps import Gate
from test_kills import OPERATIONS, exists, running

CALLS = (
    "sendto,sendmsg,sendmmsg,mount,umount2,move_mount,bind,open,openat,creat,write,pwrite64,writev,pwritev,"
    "mkdir,mkdirat,rmdir,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mknod,mknodat,"
    "chmod,fchmod,fchmodat,chown,fchown,fchownat,truncate,ftruncate,fallocate,fsync,fdatasync")

# What `kind` a step must be for each sort of change.
KINDS = {
    "rtnetlink": "netlink", "conntrack": "netlink", "ruleset": "nftables", "mount": "mount", "umount2": "unmount",
    "store": "commit", "file": "file",
}


def change(call: str, arguments: str) -> str | None:
    """What sort of change a system call makes, if any."""
    if call in ("sendto", "sendmsg", "sendmmsg"):
        if "<NETLINK:[ROUTE" in arguments:
            return "rtnetlink" if re.search(r"nlmsg_type=RTM_(?!GET)", arguments) else None
        # strace knows the protocol of a socket only in its own namespace, and the numbers only with the protocol.
        if number := re.search(r"nlmsg_type=0x([0-9a-f]+)", arguments):
            kind, code = divmod(int(number.group(1), 16), 256)
            if kind == 0:  # rtnetlink(7): of four requests the third is a GET
                return "rtnetlink" if code & 3 != 2 else None
            return "conntrack" if kind == 1 and code != 1 else None
        if "NETFILTER" in arguments and "NFNL_MSG_BATCH_BEGIN" in arguments:
            return "ruleset"
        if "NFNL_SUBSYS_CTNETLINK" in arguments:
            return None if "IPCTNL_MSG_CT_GET" in arguments else "conntrack"
        return None  # Answers to clients, and packets.
    if call in ("mount", "umount2"):
        return call
    if call == "move_mount":
        return "mount"
    if call == "bind":
        return "file" if "AF_INET" in arguments or "sun_path=" in arguments else None
    if call in ("open", "openat", "creat"):
        return "file" if call == "creat" or "O_CREAT" in arguments else None
    if call in ("write", "pwrite64", "writev", "pwritev", "ftruncate", "fallocate", "fsync", "fdatasync"):
        # strace -yy names what a descriptor is: a path, or something without one.
        target = re.match(r"\d+<([^>]*)>", arguments)
        path = target.group(1) if target else ""
        if not path.startswith("/") or path.startswith("/dev/") or path.endswith("/log"):
            return None
        return "store" if re.search(r"\.db(-wal|-shm|-journal)?$|/(store|fairlead)[^/]*(-wal|-shm)$", path) else "file"
    return "file"


class Trace:
    """strace's lines, put together again where a call was interrupted by another thread's."""

    START = re.compile(r"(\d+) +(\w+)\((.*)$")
    RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)$")

    def __init__(self, path: str):
        self.calls, pending = [], {}
        with open(path, errors="replace") as lines:
            for line in lines:
                if found := self.RESUMED.match(line):
                    thread, call, rest = found.groups()
                    if thread in pending:
                        self._take(pending.pop(thread), rest)
                elif found := self.START.match(line):
                    thread, call, rest = found.groups()
                    place = len(self.calls)
                    self.calls.append((thread, call, rest))
                    if "<unfinished ...>" in rest:
                        pending[thread] = place

    def _take(self, place: int, rest: str) -> None:
        thread, call, start = self.calls[place]
        self.calls[place] = (thread, call, start.replace("<unfinished ...>", "") + rest)


ANNOUNCEMENT = re.compile(r'\d+<[^>]*>+, "(before|after) (\w+) (.*?)\\n"')


def compare(trace: Trace, first: str) -> tuple:
    """Changes outside a step of their kind, steps without a change, and how often each kind was seen, from the
    announcement `first` on."""
    inside, strays, hollow, seen, begun = {}, [], [], {}, False
    for thread, call, arguments in trace.calls:
        if call == "write" and (found := ANNOUNCEMENT.match(arguments)):
            when, kind, what = found.groups()
            begun = begun or what == first
            if when == "before":
                inside[thread] = [kind, what, 0]
            else:
                step = inside.pop(thread, None)
                if begun and step and not step[2]:
                    hollow.append(step[:2])
            continue
        sort = change(call, arguments)
        if sort is None or not begun:
            continue
        seen[sort] = seen.get(sort, 0) + 1
        step = inside.get(thread)
        if step and (step[0] == KINDS[sort] or sort == "file" and step[0] == "commit"):
            step[2] += 1
        else:
            strays.append(f"{call}({arguments[:200]} in {step}")
    return strays, hollow, seen


@pytest.fixture
def traced(new_daemon):
    """A daemon under strace, with a gate; the traced process keeps its number."""
    daemon = new_daemon("--debug")
    daemon.trace = f"{daemon.folder}/strace"
    daemon.under = ["strace", "-D", "-f", "-qq", "-yy", "-s", "512", "-e", f"trace={CALLS}", "-e", "signal=none", "-o", daemon.trace]
    daemon.gate = Gate()
    return daemon.start(60)


def test_no_step_is_forgotten(traced):
    daemon = traced
    daemon.gate.quiet()
    daemon.gate.watch()
    first = None
    for operation in OPERATIONS.values():
        operation.prepare(daemon.api)
        if exists("containers", "web")(daemon.api) and running(daemon.api):
            assert daemon.container("web").pings("10.1.0.1")  # A connection to forget.
        assert operation.act(daemon.api).status < 300
        assert operation.done(daemon.api)
        first = first or daemon.gate.lines[0].split(" ", 2)[2]
        daemon.api.clear()
        agrees(daemon, 20)
    daemon.gate.quiet()
    daemon.kill()  # A clean end closes the store and takes the socket's file away, which no request does.
    until(lambda: traced_to_the_end(daemon.trace), 20, what="the end of strace")
    strays, hollow, seen = compare(Trace(daemon.trace), first)
    assert not strays, "outside any step:\n" + "\n".join(strays[:20])
    assert not hollow, f"steps in which nothing happened: {hollow}"
    assert {"rtnetlink", "conntrack", "ruleset", "mount", "umount2", "store", "file"} <= set(seen), seen
    assert seen["rtnetlink"] > 20 and seen["store"] > 20, seen


def traced_to_the_end(path: str) -> bool:
    """Whether strace has written its last line."""
    size = os.stat(path).st_size
    time.sleep(0.3)
    return os.stat(path).st_size == size


def test_the_comparison_notices(new_daemon):
    """What the tests above call agreement breaks with each thing that is missing or too many."""
    daemon = new_daemon().start()
    OPERATIONS["connect"].prepare(daemon.api)
    agrees(daemon)
    network, web = daemon.api.inspect_network("front")["Id"][:12], daemon.api.inspect("web")["Id"][:12]
    veth = next(name for name in daemon.links() if name.startswith("veth"))
    pin = f"{daemon.exec_root}/netns/{web}"
    harms = [
        (["ip", "link", "set", veth, "nomaster"], veth),
        (["ip", "link", "set", veth, "down"], veth),
        (["ip", "link", "add", "stray0", "type", "bridge"], "stray0"),
        (["nft", "delete", "element", "inet", "fairlead", "translated", "{", "ipv4", ".", f"br-{network}", "}"], "translated"),
        (["nft", "add", "element", "inet", "fairlead", "guarded4", "{", "10.1.0.9", "}"], "10.1.0.9"),
        (["nsenter", f"--net={pin}", "ip", "addr", "flush", "dev", "eth0"], "inside"),
        (["touch", f"{daemon.exec_root}/netns/rest"], "rest"),
        (["umount", pin], "mounts"),
        (["ip", "link", "del", f"br-{network}"], f"br-{network}"),
    ]
    os.kill(daemon.process.pid, signal.SIGSTOP)
    try:
        for command, name in harms:
            before = disagreements(daemon)
            daemon.space.run(*command)
            new = [text for text in disagreements(daemon) if text not in before]
            assert any(name in text for text in new), f"{command} went unnoticed: {new}"
    finally:
        os.kill(daemon.process.pid, signal.SIGCONT)
    daemon.space.run("rm", "-f", f"{daemon.exec_root}/netns/rest")
    daemon.space.run("ip", "link", "del", "stray0")
    daemon.api.clear()
