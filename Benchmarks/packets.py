"""What packets and connections cost beside 1,000 networks, beside none, and under the shortest hand-written ruleset."""

import random
import subprocess

from rig import Daemon, Netns

OUTSIDE = "198.18.0.2"
HAND_BRIDGE, HAND_ADDRESSES = "hand0", ("10.9.0.2", "10.9.0.3")

# One network, as well protected as one of Fairlead's: reached through its own bridge only, from outside in answers only,
# masqueraded, and the host no router for others.
HAND_RULES = """
table inet hand {
    chain guard { type filter hook prerouting priority raw; ip daddr 10.9.0.0/24 iifname != "hand0" drop; }
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        iifname "hand0" accept
    }
    chain source { type nat hook postrouting priority srcnat; ip saddr 10.9.0.0/24 oifname != "hand0" masquerade; }
}
"""


class Site:
    """A host with a network of two containers, and somebody outside. `enter`: how commands get to the host."""

    def __init__(self, enter, pid):
        self.enter = enter
        self.outside = Netns()
        self.host("ip", "link", "add", "up0", "type", "veth", "peer", "name", "eth0", "netns", str(self.outside.pid))
        self.host("ip", "address", "add", "198.18.0.1/24", "dev", "up0")
        self.host("ip", "link", "set", "up0", "up")
        self.outside.run("ip", "address", "add", f"{OUTSIDE}/24", "dev", "eth0")
        self.outside.run("ip", "link", "set", "eth0", "up")
        self.pid = pid

    def host(self, *command, text=None):
        subprocess.run([*self.enter, *command], input=text, text=True, check=True, capture_output=True)

    def end(self):
        self.outside.end()


class FairleadSite(Site):
    def __init__(self, daemon):
        super().__init__(daemon.enter, None)
        client = daemon.client()
        client.call("POST", "/networks/create", {"Name": "packets"})
        for name in ("p0", "p1"):
            client.call("POST", f"/containers/create?name={name}",
                        {"Image": "scratch", "HostConfig": {"NetworkMode": "packets"}})
            client.call("POST", f"/containers/{name}/start")
        settings = [client.call("GET", f"/containers/{name}/json")[0]["NetworkSettings"] for name in ("p0", "p1")]
        self.containers = [["nsenter", f"--net={each['SandboxKey']}"] for each in settings]
        self.neighbour = settings[1]["Networks"]["packets"]["IPAddress"]


class HandSite(Site):
    def __init__(self):
        self.netns = Netns()
        super().__init__(self.netns.enter, self.netns.pid)
        self.host("sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.host("nft", "-f", "-", text=HAND_RULES)
        self.host("ip", "link", "add", HAND_BRIDGE, "type", "bridge")
        self.host("ip", "address", "add", "10.9.0.1/24", "dev", HAND_BRIDGE)
        self.host("ip", "link", "set", HAND_BRIDGE, "up")
        self.spaces = [Netns(), Netns()]
        for index, (space, address) in enumerate(zip(self.spaces, HAND_ADDRESSES)):
            self.host("ip", "link", "add", f"port{index}", "type", "veth", "peer", "name", "eth0",
                      "netns", str(space.pid))
            self.host("ip", "link", "set", f"port{index}", "up", "master", HAND_BRIDGE)
            space.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
            space.run("ip", "link", "set", "eth0", "up")
            space.run("ip", "route", "add", "default", "via", "10.9.0.1")
        self.containers = [space.enter for space in self.spaces]
        self.neighbour = HAND_ADDRESSES[1]

    def end(self):
        super().end()
        for space in (*self.spaces, self.netns):
            space.end()


class Sender:
    """The program in a container: CPU time of packets or connections."""

    def __init__(self, program, site, kind, address):
        self.process = subprocess.Popen([*site.containers[0], program, kind, address],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def cpu_each(self, times):
        """In microseconds."""
        self.process.stdin.write(f"{times}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline()) / 1e3 / times

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)


def measure(table, program, daemon, rounds):
    """Rows of both ways, per packet and per connection. The sites take turns, in an order that changes."""
    lone = Netns()
    small = Daemon(lone)
    small.start()
    sites, servers = {}, []
    try:
        sites["many"] = FairleadSite(daemon)
        sites["one"] = FairleadSite(small)
        sites["hand"] = HandSite()
        for site in sites.values():
            for enter in (site.containers[1], site.outside.enter):
                server = subprocess.Popen([*enter, program, "serve"], stdout=subprocess.PIPE, text=True)
                servers.append(server)
                if server.stdout.readline() != "ready\n":
                    raise RuntimeError("nobody listens")
        for way in ("container", "outside"):
            for kind, what, times in (("udp", "packet", 20000), ("tcp", "connection", 1500)):
                _compare(table, program, sites, way, kind, what, times, rounds)
    finally:
        for server in servers:
            server.kill()
            server.wait()
        for site in sites.values():
            site.end()
        small.end()
        lone.end()


def _compare(table, program, sites, way, kind, what, times, rounds):
    senders = {name: Sender(program, site, kind, site.neighbour if way == "container" else OUTSIDE)
               for name, site in sites.items()}
    costs = {name: [] for name in sites}
    try:
        for _ in range(rounds):
            for name in random.sample(list(senders), len(senders)):
                costs[name].append(senders[name].cpu_each(times))
    finally:
        for sender in senders.values():
            sender.end()
    # The quarter that was disturbed least.
    least = {name: sorted(each)[len(each) // 4] for name, each in costs.items()}
    table.ratio(f"container to {way}, 1,000 networks against one: client CPU per {what}", least["many"], least["one"],
                1.05, "µs")
    table.ratio("… against the shortest hand-written ruleset", least["many"], least["hand"], 1.10, "µs")
