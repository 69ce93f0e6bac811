"""Many clients over the same few names at once.

`run(daemon, seconds)` is the whole of it: the load, and the checks of every answer; its report says how much was done, how
fast, and what was wrong. `settled(daemon)` compares store, kernel and answers once it is quiet.
"""

import collections
import http.client
import json
import os
import random
import re
import subprocess
import threading
import time
import urllib.parse

from . import history
from .crowd_invariants import STOPPING, check_reply
from .http import _Connection, query, tcp, unix
from .namespaces import until

# No name is the beginning of an id, which is hexadecimal.
NETWORKS = ["north", "south", "west", "tiny"]
CONTAINERS = ["sloop", "ketch", "yawl", "cutter", "junk", "lugger", "schooner", "xebec"]

# `wide` and `narrow` overlap, `tiny` holds five containers; the static address is in two of them.
STATIC = "10.81.0.9"
SHAPES = {
    "pool": {},
    "wide": {"IPAM": {"Config": [{"Subnet": "10.81.0.0/23"}]}},
    "narrow": {"IPAM": {"Config": [{"Subnet": "10.81.0.0/24"}]}},
    "six": {"EnableIPv6": True, "IPAM": {"Config": [{"Subnet": "10.81.4.0/24"}, {"Subnet": "fd00:81::/64"}]}},
    "inside": {"Internal": True, "IPAM": {"Config": [{"Subnet": "10.81.5.0/24"}]}},
    "small": {"IPAM": {"Config": [{"Subnet": "10.82.0.0/29"}]}},
}

# Operations and how often they come, relative to each other.
MIX = {
    "create_network": 8, "delete_network": 6, "prune_networks": 1,
    "create_container": 10, "remove_container": 8, "prune_containers": 1, "rename": 5,
    "start": 16, "stop": 7, "kill": 2, "restart": 2, "connect": 14, "disconnect": 10,
    "inspect_network": 8, "inspect_container": 10, "list_networks": 5, "list_containers": 5,
}


class Operation:
    """One request and its answer; `begin` and `end` in nanoseconds of the clock that events carry, too."""

    __slots__ = ("kind", "term", "argument", "begin", "end", "status", "text", "data", "client")

    def __init__(self, kind, term="", argument=None):
        self.kind, self.term, self.argument = kind, term, argument
        self.begin = self.end = self.status = 0
        self.text, self.data, self.client = "", None, None

    def __repr__(self):
        took = (self.end - self.begin) / 1e6
        detail = self.text or (self.data if isinstance(self.data, str) else "")
        return f"<{self.kind} {self.term} {self.argument or ''} → {self.status} {detail} in {took:.0f} ms, client {self.client}>"


class Report:
    """What a crowd did: `faults` is empty when all was well."""

    def __init__(self):
        self.seconds, self.requests, self.most_doomed = 0.0, 0, 0
        self.times = collections.defaultdict(list)
        self.answers = collections.Counter()
        self.faults, self.broken = [], 0

    def add(self, operations):
        for operation in operations:
            self.requests += 1
            self.times[operation.kind].append((operation.end - operation.begin) / 1e6)
            self.answers[operation.kind, operation.status, shape_of(operation.text)] += 1

    def figures(self) -> dict:
        """By operation: how many, and the 50th, 95th and 99th percentile in milliseconds."""
        shown = {}
        for kind, times in sorted(self.times.items()):
            ordered = sorted(times)
            shown[kind] = (len(ordered), *(ordered[min(len(ordered) - 1, int(len(ordered) * q))] for q in (0.5, 0.95, 0.99)))
        return shown

    def errors(self) -> dict:
        """Answers of 400 and more: status and text, without ids and names, and how often."""
        counts = collections.Counter()
        for (kind, status, text), count in self.answers.items():
            if status >= 400:
                counts[f"{kind} {status} {text}"] += count
        return dict(counts.most_common())

    def __str__(self):
        lines = [f"{self.requests} requests in {self.seconds:.1f} s, {self.requests / max(self.seconds, 0.001):.0f} a second; "
                 f"at most {self.most_doomed} doomed links; {self.broken} connections broken"]
        lines += [f"  {kind:18} {n:7}  p50 {a:7.1f}  p95 {b:7.1f}  p99 {c:7.1f} ms" for kind, (n, a, b, c) in self.figures().items()]
        lines += [f"  {count:7} {text}" for text, count in self.errors().items()]
        return "\n".join(lines)


def shape_of(text: str) -> str:
    """A message without the ids and names in it."""
    text = re.sub(r"\b[0-9a-f]{64}\b", "ID", text)
    text = re.sub(r"\b[0-9a-f]{12}\b", "id", text)
    text = re.sub(r"\b(%s)\b" % "|".join(CONTAINERS), "CONTAINER", text)
    text = re.sub(r"\b(%s)\b" % "|".join(NETWORKS), "NETWORK", text)
    return re.sub(r"(name:\"CONTAINER\" id:\"id\"(, )?)+", "ENDPOINTS", text)


class Crowd:
    """The clients of one daemon and what they know in common."""

    def __init__(self, daemon, clients=64, mix=None, seed=1, tolerant=False, also=(), kept=7):
        self.daemon, self.mix, self.tolerant = daemon, dict(mix or MIX), tolerant
        # Of eight clients, so many keep their connections.
        self.kept = kept
        self.also = [*also, STOPPING] if tolerant else list(also)
        self.randomness = random.Random(seed)
        self.clients = [Client(self, number) for number in range(clients)]
        self.report = Report()
        # The newest ids under each name, so that some requests go by id; a hint, it may be out of date.
        self.network_ids, self.container_ids = {}, {}
        self.lock, self.found = threading.Lock(), collections.defaultdict(list)

    def fault(self, text: str) -> None:
        """Kept once of each kind, and up to 20 kinds."""
        with self.lock:
            self.found[re.sub("[0-9]+", "N", shape_of(text.splitlines()[0]))].append(text)
            self.report.faults = [texts[0] for texts in list(self.found.values())[:20]]

    def round(self, seconds: float) -> None:
        """Load for so many seconds between two quiet moments, then the checks."""
        initial = None if self.tolerant else history.quiet_state(self.daemon.api)
        events = None if self.tolerant else Events(self.daemon)
        began = time.monotonic()
        try:
            threads = [threading.Thread(target=client.work, args=(began + seconds,)) for client in self.clients]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                self.count_doomed()
                threads[0].join(0.5) if threads[0].is_alive() else time.sleep(0.1)
            self.report.seconds += time.monotonic() - began
            operations = [operation for client in self.clients for operation in client.taken()]
            self.report.add(operations)
            if events:
                history.wait_for_quiet(self.daemon.api)
            told = events.all() if events else []
        finally:
            if events:
                events.end()
        if not self.tolerant:
            final = history.quiet_state(self.daemon.api)
            for fault in history.check(initial, operations, told, final):
                self.fault(fault)

    def count_doomed(self) -> None:
        try:
            with open(f"/proc/{self.daemon.space.pid}/net/dev") as table:
                doomed = sum(line.lstrip().startswith("gone-") for line in table)
        except OSError:
            return
        self.report.most_doomed = max(self.report.most_doomed, doomed)


def run(daemon, seconds, clients=64, mix=None, seed=1, tolerant=False, also=(), kept=7,
        round_seconds=20.0) -> Report:
    """The crowd for so many seconds, in rounds, each checked as a whole when it is over; every answer is looked at at once.

    `tolerant`: the daemon may be killed meanwhile; then broken connections are counted, and histories are not checked. `also`: answers that are right here although the reference has none such,
    status and pattern. `kept`: how many of eight clients keep their connections.
    """
    crowd = Crowd(daemon, clients, mix, seed, tolerant, also, kept)
    left = seconds
    while left > 0 and not crowd.report.faults:
        part = left if left < 1.5 * round_seconds else round_seconds
        crowd.round(part)
        left -= part
    return crowd.report


class Client:
    """One thread's worth: a connection that is kept, or one for each request."""

    def __init__(self, crowd: Crowd, number: int):
        self.crowd, self.number = crowd, number
        self.random = random.Random(crowd.randomness.random())
        self.keeps = number % 8 >= 8 - crowd.kept
        daemon = crowd.daemon
        # By TCP only where connections are kept: each has to be opened from inside the daemon's namespace.
        over_tcp = number % 2 == 1 and self.keeps and daemon.ports
        self.connect = tcp(daemon.space, "127.0.0.1", daemon.ports[0]) if over_tcp else unix(daemon.socket)
        self.connection = None
        self.operations = []

    def taken(self) -> list:
        operations, self.operations = self.operations, []
        return operations

    def work(self, end: float) -> None:
        try:
            kinds, weights = zip(*self.crowd.mix.items())
            while time.monotonic() < end and not self.crowd.report.faults:
                self.one(self.random.choices(kinds, weights)[0])
        except Exception as error:  # A thread's end must not go unnoticed.
            self.crowd.fault(f"client {self.number}: {type(error).__name__}: {error}")
        finally:
            self.drop()

    def one(self, kind: str) -> None:
        operation, method, target, body = self.make(kind)
        operation.client = self.number
        operation.begin = time.time_ns()
        try:
            operation.status, data = self.send(method, target, body)
        except (OSError, http.client.HTTPException) as error:
            self.drop()
            if not self.crowd.tolerant:
                raise AssertionError(f"{method} {target}: {error!r}\n{self.crowd.daemon.condition()}") from None
            self.crowd.report.broken += 1
            time.sleep(0.02)
            return
        operation.end = time.time_ns()
        decoded = json.loads(data) if data else None
        if operation.status >= 400:
            operation.text = decoded["message"]
        for fault in check_reply(operation, decoded, self.crowd.also):
            self.crowd.fault(f"{fault}\n  in the answer to {operation!r}")
        operation.data = history.essence(operation, decoded)
        self.note(operation)
        self.operations.append(operation)

    def send(self, method, target, body):
        """Status and body. A kept connection that was closed between two requests is opened anew."""
        if self.connection is None:
            self.connection = _Connection(self.connect, timeout=60)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        self.connection.request(method, target, json.dumps(body).encode() if body is not None else None, headers)
        response = self.connection.getresponse()
        data = response.read()
        if not self.keeps or response.will_close:
            self.drop()
        return response.status, data

    def drop(self) -> None:
        if self.connection:
            self.connection.close()
        self.connection = None

    def note(self, operation) -> None:
        if operation.kind == "create_network" and operation.status == 201:
            self.crowd.network_ids[operation.term] = operation.data
        if operation.kind == "create_container" and operation.status == 201:
            self.crowd.container_ids[operation.term] = operation.data

    # --- what is asked

    def network(self) -> str:
        name = self.random.choice(NETWORKS)
        return self.crowd.network_ids.get(name, name) if self.random.random() < 0.3 else name

    def container(self) -> str:
        name = self.random.choice(CONTAINERS)
        return self.crowd.container_ids.get(name, name) if self.random.random() < 0.3 else name

    def make(self, kind: str):
        """The operation, its method, target and body."""
        return getattr(self, "make_" + kind)()

    def make_create_network(self):
        name = self.random.choice(NETWORKS)
        shape = "small" if name == "tiny" else self.random.choice(list(SHAPES))
        body = {"Name": name, **SHAPES[shape], "Labels": {"shape": shape}}
        return Operation("create_network", name, shape), "POST", "/networks/create", body

    def make_delete_network(self):
        term = self.network()
        return Operation("delete_network", term), "DELETE", f"/networks/{term}", None

    def make_prune_networks(self):
        return Operation("prune_networks"), "POST", "/networks/prune", None

    def make_create_container(self):
        name, network = self.random.choice(CONTAINERS), self.random.choice([*NETWORKS, *NETWORKS, "bridge", "none"])
        host = {"NetworkMode": network}
        if self.random.random() < 0.1:
            host["AutoRemove"] = True
        if self.random.random() < 0.05:
            host["NetworkMode"] = f"container:{self.random.choice(CONTAINERS)}"
        body = {"Image": "scratch", "HostConfig": host, "Labels": {"made": name}}
        return Operation("create_container", name, dict(host)), "POST", f"/containers/create?name={name}", body

    def make_remove_container(self):
        term, force = self.container(), self.random.random() < 0.6
        target = f"/containers/{term}" + ("?force=1" if force else "")
        return Operation("remove_container", term, force), "DELETE", target, None

    def make_prune_containers(self):
        # Not all of them, or nothing would last.
        made = self.random.choice(CONTAINERS)
        target = "/containers/prune" + query(filters={"label": [f"made={made}"]})
        return Operation("prune_containers", argument=made), "POST", target, None

    def make_rename(self):
        term, name = self.container(), self.random.choice(CONTAINERS)
        return Operation("rename", term, name), "POST", f"/containers/{term}/rename?name={name}", None

    def _simple(self, kind: str, parameters=""):
        term = self.container()
        return Operation(kind, term), "POST", f"/containers/{term}/{kind}{parameters}", None

    def make_start(self):
        return self._simple("start")

    def make_stop(self):
        return self._simple("stop")

    def make_kill(self):
        return self._simple("kill")

    def make_restart(self):
        return self._simple("restart")

    def make_connect(self):
        network, container = self.network(), self.container()
        settings = {"Aliases": [f"alias{self.number}"]}
        if self.random.random() < 0.3:
            settings["IPAMConfig"] = {"IPv4Address": STATIC}
        body = {"Container": container, "EndpointConfig": settings}
        return Operation("connect", network, container), "POST", f"/networks/{network}/connect", body

    def make_disconnect(self):
        network, container = self.network(), self.container()
        body = {"Container": container, "Force": self.random.random() < 0.2}
        return Operation("disconnect", network, container), "POST", f"/networks/{network}/disconnect", body

    def make_inspect_network(self):
        term = self.network()
        return Operation("inspect_network", term), "GET", f"/networks/{term}", None

    def make_inspect_container(self):
        term = self.container()
        return Operation("inspect_container", term), "GET", f"/containers/{term}/json", None

    def make_list_networks(self):
        return Operation("list_networks"), "GET", "/networks", None

    def make_list_containers(self):
        return Operation("list_containers"), "GET", "/containers/json?all=1", None


class Events:
    """The daemon's own account, written down by curl, which never falls behind."""

    def __init__(self, daemon):
        self.daemon, self.path = daemon, f"{daemon.folder}/events-{time.monotonic_ns()}"
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "curl", "-sSN", "--unix-socket", daemon.socket, "-o", self.path,
             "http://localhost/events"],
            stdin=subprocess.DEVNULL,
        )
        self.first = self.marker()

    def marker(self) -> str:
        """Makes something happen, again and again until it was told: then all before it was told, too."""
        def told():
            name = f"marker-{time.monotonic_ns()}"
            identifier = self.daemon.api.create_network(name, ConfigOnly=True)
            self.daemon.api.remove_network(name)
            end = time.monotonic() + 2
            while time.monotonic() < end:
                if os.path.exists(self.path):
                    with open(self.path) as file:
                        if identifier in file.read():
                            return identifier
                time.sleep(0.02)
            return None

        return until(told, 30, what="an event about a marker")

    def all(self) -> list:
        """Every event between two markers."""
        last = self.marker()
        with open(self.path) as file:
            events = [json.loads(line) for line in file.read().splitlines() if line]
        ids = [event["Actor"]["ID"] for event in events]
        return events[ids.index(self.first) + 1:ids.index(last)]

    def end(self) -> None:
        self.process.kill()
        self.process.wait(10)
        if os.path.exists(self.path):
            os.unlink(self.path)
