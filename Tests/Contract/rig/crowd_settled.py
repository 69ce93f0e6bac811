"""When the crowd has gone home: store, kernel and answers have to be the same, and the process as small as before."""

import ipaddress
import os
import time

from .agreement import disagreements
from .crowd_invariants import container, network, networks, twice
from .daemon import DOOMED
from .namespaces import until


class Usage:
    """What a process holds: open descriptors, threads, and its own share of memory in KiB. Netlink sockets of its own namespace
    are counted apart: a few are kept for the next who need one."""

    def __init__(self, daemon):
        process = f"/proc/{daemon.process.pid}"
        with open(f"{process}/net/netlink") as sockets:
            inodes = {f"socket:[{line.split()[-1]}]" for line in sockets}
        targets = [self._target(f"{process}/fd/{name}") for name in os.listdir(f"{process}/fd")]
        self.netlink = sum(target in inodes for target in targets)
        self.descriptors = len(targets) - self.netlink
        self.threads = len(os.listdir(f"{process}/task"))
        with open(f"{process}/smaps_rollup") as rollup:
            self.memory = next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))

    @staticmethod
    def _target(path) -> str:
        try:
            return os.readlink(path)
        except FileNotFoundError:
            return "closed meanwhile"

    def __str__(self):
        return f"{self.descriptors} descriptors and {self.netlink} netlink sockets, {self.threads} threads, {self.memory / 1024:.1f} MiB"


def quiet(daemon, seconds=30.0) -> None:
    """Waits until the doomed links are gone."""
    until(lambda: not any(map(DOOMED.match, daemon.space.links())), seconds, what="the end of doomed links")


def usage(daemon, seconds=5.0, like=None) -> Usage:
    """What it holds once connections are closed and idle threads gone; waits until that is no more than `like`."""
    end = time.monotonic() + seconds
    while True:
        found = Usage(daemon)
        few = like and found.descriptors <= like.descriptors and found.threads <= like.threads
        if few or time.monotonic() > end:
            return found
        time.sleep(0.2)


def settled(daemon) -> list:
    """Faults, in words: by `sqlite3`, `ip -j` and `fairlead plan`."""
    quiet(daemon)
    shown = [daemon.api.inspect_network(each["Id"]) for each in daemon.api.get("/networks").json]
    containers = [daemon.api.inspect(each["Id"]) for each in daemon.api.get("/containers/json?all=1").json]
    faults = list(networks(shown))
    for each in shown:
        faults += network(each)
    for each in containers:
        faults += container(each)
    faults += _rows(daemon, shown, containers)
    faults += disagreements(daemon)
    if steps := daemon.plan():
        faults.append(f"`fairlead plan` has {len(steps)} steps: {steps[:5]}")
    return faults


def _rows(daemon, shown, containers):
    """The store has the names, ids and addresses that are shown, each once."""
    for table, listed in (("network", shown), ("container", containers)):
        rows = daemon.rows(f"SELECT id, name FROM {table}")
        yield from twice(f"{table} rows: the name", (row["name"] for row in rows))
        stored, told = {(row["id"], row["name"]) for row in rows}, {(each["Id"], each["Name"].lstrip("/")) for each in listed}
        if stored != told:
            yield f"{table} rows and answers differ: only stored {stored - told}, only shown {told - stored}"
    rows = daemon.rows("SELECT network, hex(address) AS address, family FROM address WHERE role = 'endpoint'")
    yield from twice("address rows:", ((row["network"], row["address"]) for row in rows))
    stored = {(row["network"], _address(row)) for row in rows}
    told = {
        (endpoint["NetworkID"], ipaddress.ip_address(endpoint[key]))
        for each in containers for endpoint in each["NetworkSettings"]["Networks"].values()
        for key in ("IPAddress", "GlobalIPv6Address") if endpoint[key]
    }
    if stored != told:
        yield f"addresses differ: only stored {stored - told}, only shown {told - stored}"


def _address(row):
    raw = bytes.fromhex(row["address"])
    return ipaddress.ip_address(raw[-4:] if row["family"] == 4 else raw)
