"""What others undo, and how long it takes to come back: with 100 networks and 300 containers, kind by kind."""

import json
import socket
import subprocess
import threading
import time
from statistics import median

# linux/netlink.h, linux/rtnetlink.h, linux/netfilter/nfnetlink.h
_ROUTE, _NETFILTER = 0, 12
_SOL_NETLINK, _ADD_MEMBERSHIP, _LISTEN_ALL_NSID = 270, 1, 8
_ROUTE_GROUPS, _RULE_GROUPS = (1, 5, 7, 9, 11, 24, 25), (7,)
_SO_RCVBUFFORCE = 33

# Losses of the one table, besides the flush: in every other turn.
_RULES = {"a flushed chain": 0, "a set element": 1}


class Ear:
    """A second listener beside the daemon's: when the kernel told of something."""

    def __init__(self):
        self.heard = []
        self._sockets = [self._open(_ROUTE, _ROUTE_GROUPS), self._open(_NETFILTER, _RULE_GROUPS)]
        for each in self._sockets:
            threading.Thread(target=self._listen, args=(each,), daemon=True).start()

    @staticmethod
    def _open(family, groups):
        each = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family)
        each.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 16 << 20)
        each.setsockopt(_SOL_NETLINK, _LISTEN_ALL_NSID, 1)
        each.bind((0, 0))
        for group in groups:
            each.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)
        return each

    def _listen(self, each):
        while True:
            try:
                data = each.recv(64)
            except OSError:
                return
            if data:
                self.heard.append(time.perf_counter())

    def forget(self):
        self.heard.clear()


def run(*words):
    return subprocess.run(words, capture_output=True, check=True, text=True).stdout


class Healing:
    """A hundred networks, three hundred containers on them, and somebody who undoes things."""

    NETWORKS, CONTAINERS = 100, 300

    def __init__(self, daemon, table):
        self.daemon, self.table, self.client = daemon, table, daemon.client()
        self.bridges, self.spaces = [], []
        self.whole, self.stranger, self._rested = [], None, 0.0

    def populate(self):
        for i in range(self.NETWORKS):
            answer, _ = self.client.call("POST", "/networks/create", {
                "Name": f"h{i}", "Options": {"com.docker.network.driver.mtu": "1450"}, "IPAM": {"Config": [{"Subnet": f"10.77.{i}.0/24"}]}})
            self.bridges.append(f"br-{answer['Id'][:12]}")
        for i in range(self.CONTAINERS):
            self.client.call("POST", f"/containers/create?name=h{i}", {
                "Image": "scratch", "HostConfig": {"NetworkMode": f"h{i % self.NETWORKS}"}})
            self.client.call("POST", f"/containers/h{i}/start")
            settings = self.client.call("GET", f"/containers/h{i}/json")[0]["NetworkSettings"]
            network = settings["Networks"][f"h{i % self.NETWORKS}"]
            self.spaces.append((settings["SandboxKey"], network["IPAddress"], network["Gateway"]))

    def clear(self):
        for i in range(self.CONTAINERS):
            self.client.call("DELETE", f"/containers/h{i}?force=1", expected=range(200, 500))
        for i in range(self.NETWORKS):
            self.client.call("DELETE", f"/networks/h{i}", expected=range(200, 500))

    # MARK: What is lost

    def losses(self, i):
        """The kinds, with container `i`, its namespace, its host end and its bridge as the victim."""
        bridge, gateway = self.bridges[i % self.NETWORKS], f"10.77.{i % self.NETWORKS}.1/24"
        key, address, via = self.spaces[i]
        inside = ("nsenter", f"--net={key}", "--")
        host = self._host_end(inside)
        guest = self._essence("eth0", *inside)
        links = {name: self._essence(name) for name in (bridge, host, *self._ports(bridge))}

        def link(name):
            return self._essence(name) == links[name]

        def pair():
            return link(host) and self._essence("eth0", *inside) == guest and run(
                *inside, "ip", "route", "show", "default", "via", via).strip()

        def set_inside(*words):
            return lambda: run(*inside, "ip", "link", "set", "eth0", *words)

        def set_link(name, *words):
            return lambda: run("ip", "link", "set", name, *words)

        return {
            "a flushed ruleset": (lambda: run("nft", "flush", "ruleset"), self._rules_are_whole),
            "a flushed chain": (
                lambda: run("nft", "flush", "chain", "inet", "fairlead", "forward"), self._rules_are_whole),
            "a set element": (
                lambda: run("nft", "delete", "element", "inet", "fairlead", "guarded4", f"{{ {address} }}"),
                self._rules_are_whole),
            "a bridge": (lambda: run("ip", "link", "del", bridge), lambda: all(map(link, links))),
            "a veth": (lambda: run("ip", "link", "del", host), pair),
            "a veth, inside": (lambda: run(*inside, "ip", "link", "del", "eth0"), pair),
            "a bridge's address": (lambda: run("ip", "addr", "del", gateway, "dev", bridge), lambda: link(bridge)),
            "an address, inside": (
                lambda: run(*inside, "ip", "addr", "del", f"{address}/24", "dev", "eth0"), pair),
            "a default route": (lambda: run(*inside, "ip", "route", "del", "default"), pair),
            "a master": (set_link(host, "nomaster"), lambda: link(host)),
            "an alias": (set_link(bridge, "alias", "mine"), lambda: link(bridge)),
            "a name": (set_link(host, "name", "elsewhere"), pair),
            "a name, inside": (set_inside("name", "elsewhere"), pair),
            "a namespace": (set_link(host, "netns", str(self.stranger.pid)), pair),
            "being up": (set_link(bridge, "down"), lambda: link(bridge)),
            "being up, inside": (set_inside("down"), pair),
            "an MTU": (set_link(host, "mtu", "1400"), lambda: link(host)),
            "a MAC address, inside": (set_inside("address", "02:00:00:00:00:99"), pair),
            "a port flag": (
                lambda: run("bridge", "link", "set", "dev", host, "isolated", "on"), lambda: link(host)),
        }

    def _rules(self):
        """In no order: a set's elements have none."""
        listing = subprocess.run(["nft", "-s", "list", "table", "inet", "fairlead"], capture_output=True, check=False)
        return sorted(listing.stdout.split())

    def _rules_are_whole(self):
        return self._rules() == self.whole

    @staticmethod
    def _essence(name, *prefix):
        """What is to be as before."""
        try:
            link = json.loads(run(*prefix, "ip", "-j", "-d", "addr", "show", "dev", name))[0]
        except subprocess.CalledProcessError:
            return None
        data = link.get("linkinfo", {}).get("info_slave_data", {})
        return (
            link.get("ifalias"), link.get("address"), link.get("mtu"), link.get("master"), "UP" in link.get("flags", ()),
            sorted(a["local"] for a in link.get("addr_info", ()) if a["scope"] == "global"),
            data.get("isolated"), data.get("hairpin"))

    @staticmethod
    def _host_end(inside):
        return socket.if_indextoname(json.loads(run(*inside, "ip", "-j", "link", "show", "dev", "eth0"))[0]["link_index"])

    @staticmethod
    def _ports(bridge):
        return [each["ifname"] for each in json.loads(run("ip", "-j", "link", "show", "master", bridge))]

    # MARK: How long it takes

    def measure(self, turns=10):
        """From the kernel's notification to the last of ours, and from the foreign command's begin."""
        ear, heard, called = Ear(), {}, {}
        self.whole = self._rules()
        self.stranger = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        try:
            victim, kinds = 0, list(self.losses(0))
            for turn in range(turns):
                for name in kinds:
                    if name in _RULES and _RULES[name] != turn % 2 and turns > 1:
                        continue
                    cause, is_back = self.losses(victim)[name]
                    victim = (victim + 1) % self.CONTAINERS
                    self._pause(name)
                    took = self._one(ear, cause, is_back)
                    if took is None:
                        self.table.note(f"healing {name}", "never", asked="≤ 100 ms", met=False)
                        raise RuntimeError(f"{name} does not come back\n{self.daemon.log()[-3000:]}")
                    heard.setdefault(name, []).append(took[0])
                    called.setdefault(name, []).append(took[1])
        finally:
            self.stranger.kill()
            self.stranger.wait()
        for name, values in heard.items():
            values.sort()
            self.table.bound(
                f"healing {name}: from its notification, p95 of {len(values)}",
                values[int(len(values) * 0.95)] * 1e3, 100)
            self.table.note("… p50; from the command's begin, p50",
                            f"{median(values) * 1e3:.3g} ms; {median(called[name]) * 1e3:.3g} ms")

    def _pause(self, name):
        """Five losses of one thing in ten seconds would be a fight."""
        if name in _RULES or name == "a flushed ruleset":
            time.sleep(max(0, self._rested + 2.6 - time.perf_counter()))
            self._rested = time.perf_counter()

    def _one(self, ear, cause, is_back):
        time.sleep(0.03)
        ear.forget()
        begin = time.perf_counter()
        cause()
        while not is_back():
            if time.perf_counter() > begin + 5:
                return None
        seen = time.perf_counter()
        time.sleep(0.03)
        heard = [at for at in list(ear.heard) if at <= seen]
        first, last = min(heard), max(heard)
        return last - first, last - begin


class Churn:
    """Foreign links that come and go in the daemon's namespace, a hundred pairs at a time: ten thousand links, or as many
    as a busy machine gets through in its time."""

    ROUNDS, PAIRS, GROUP, SECONDS = 50, 100, 4711, 45

    def __init__(self):
        self.links = 0
        self.process = subprocess.Popen(["ip", "-batch", "-"], stdin=subprocess.PIPE, text=True)
        self._thread = threading.Thread(target=self._feed)

    def _feed(self):
        try:
            end = time.perf_counter() + self.SECONDS
            while self.links < 2 * self.ROUNDS * self.PAIRS and time.perf_counter() < end:
                self.links += 2 * self.PAIRS
                for i in range(self.PAIRS):
                    self.process.stdin.write(
                        f"link add foreign{i} group {self.GROUP} up type veth peer name stranger{i}\n")
                self.process.stdin.write(f"link del group {self.GROUP}\n")
                self.process.stdin.flush()
            self.process.stdin.close()
        except OSError:
            return

    @property
    def goes_on(self):
        return self.process.poll() is None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._thread.join()


def creates_beside_churn(table, alternate, daemon_cpu):
    """`alternate(blocks)` gives the samples of ours and the floor's, time and again while the foreign links come and go."""
    ours, floors, before = [], [], daemon_cpu()
    begin = time.perf_counter()
    with Churn() as churn:
        while churn.goes_on and len(ours) < 160:
            time.sleep(0.2)
            mine, theirs = alternate(1)
            ours += mine.walls
            floors += theirs.walls
    took = time.perf_counter() - begin
    table.ratio(
        f"create beside {churn.links:,} foreign links that come and go, p95 of {len(ours)}",
        sorted(ours)[int(len(ours) * 0.95)] * 1e3, sorted(floors)[int(len(floors) * 0.95)] * 1e3, 2)
    table.compare("… p50", median(ours) * 1e3, median(floors) * 1e3)
    table.note("… CPU of the daemon, creates included", f"{(daemon_cpu() - before) / took * 100:.3g} %")
