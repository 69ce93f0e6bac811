"""What is measured, in the order in which the population grows."""

import json
import os
import random
import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import packets
from engines import Dockerd, Fairlead, Podman, sample, sweep
from healing import Healing, creates_beside_churn
from load import Server, mutations, requests
from rig import PORT, Daemon, Floor, Samples, cpu_time, links, machine, quiet, until
from table import Table

# Medians in µs of the kernel's raw operations, from C, on the idle machine that Fairlead is developed on.
KNOWN = {"bridge": ("bridge", 162), "address": ("address", 10.5), "up": ("bridge up", 44.5),
         "element": ("set element", 5), "veth": ("veth into a namespace, with master, up", 508)}

# How far FULL=1 goes, and where other engines are looked at on the way.
TOP = 10000
POPULATIONS = [1, 10, 100, 500, 1000]


class Run:
    def __init__(self, folder, full):
        self.full = full
        self.table = Table()
        self.folder = folder
        self.machine = machine()
        self.engines = {}
        self.floor_points = []
        self.daemon = Daemon()
        self.daemon.start()
        self.client = self.daemon.client()
        with open(f"{folder}/table.nft", "w") as file:
            subprocess.run(["nft", "list", "table", "inet", "fairlead"], stdout=file, check=True)
        # Beside the database: the same disk.
        self.floor = Floor(f"{folder}/floor", f"{folder}/table.nft", f"{self.daemon.folder}/journal")
        self.made = 0
        self.growth = {}

    def end(self):
        self.floor.end()
        self.daemon.end()

    def show(self):
        self.table.show()
        for name, points in self.engines.items():
            for point in points:
                print(name, ", ".join(f"{what} {value:.3g}" for what, value in point.items()))

    def record(self, path):
        with open(path, "w") as file:
            json.dump({"machine": self.machine, "head": self.table.HEAD, "rows": self.table.rows,
                       "engines": self.engines, "floor": self.floor_points}, file, indent=1)

    def all(self):
        self.attempt("other engines", self.beside_others)
        self.attempt("the floor's pieces", self.pieces)
        fsyncs, _ = self.floor.run("fsync", 200)
        self.table.note("load average at the start", f"{os.getloadavg()[0]:.1f}")
        self.table.note("fsync (fdatasync of 4 KiB), p50", "", f"{sorted(fsyncs)[100] * 1e3:.2f} ms")
        self.containers()
        rules = self.rules()
        self.creates("0 networks")
        self.connects("0 networks")
        self.attempt("healing", self.heal)
        self.series()
        self.parallel_creates(1000)
        self.creates("1,000 networks")
        self.connects("1,000 networks")
        for what, figures in self.growth.items():
            self.table.ratio(f"{what}: (ours ÷ floor) at 1,000 over at 0 networks", figures[1], figures[0], 1.2, unit="×")
        self.table.note("chains and rules at 0 and 1,000 networks", f"{rules} and {self.rules()}",
                        asked="the same", met=rules == self.rules())
        self.table.bound("memory (Pss), 1,000 networks", self.daemon.memory(), 80, "MB")
        self.reads("1,000 networks")
        self.attempt("packets", lambda: packets.measure(
            self.table, f"{self.folder}/packets", self.daemon, 24 if self.full else 16))
        self.parallel_disconnects()
        self.removals()
        self.prune()
        self.restart()
        if self.full:
            self.attempt(f"{TOP:,} networks", lambda: self.ten_thousand(rules))
        self.attempt("500 deletes", self.deletes)
        self.table.note("load average at the end", f"{os.getloadavg()[0]:.1f}")

    def attempt(self, what, measure):
        """What fails leaves a row, and doesn't keep the rest from being measured."""
        try:
            measure()
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            self.table.note(f"{what}: failed", str(error)[:100].replace("\n", " "), met=False)

    # MARK: Others

    def beside_others(self):
        """Other engines and Fairlead, each in namespaces of its own, one after the other."""
        populations = POPULATIONS if self.full else POPULATIONS[:3]
        peers = [peer for peer in (Dockerd, Podman) if peer.is_there()]
        for kind in (Fairlead, *peers) if peers or self.full else ():
            engine = kind(self.folder)
            try:
                points = self.engines[kind.name] = []
                self.attempt(kind.name, lambda: sweep(engine, populations, 600 if self.full else 60, points))
            finally:
                engine.end()
            quiet()
        if not peers:
            self.table.note("other engines", "not there: scripts/peers unpacks them")
        if self.full:
            floor, made = Floor(f"{self.folder}/floor", f"{self.folder}/table.nft", f"{self.daemon.folder}/journal"), 0
            for population in populations:
                if population > made:
                    floor.run("populate", population - made)
                walls, _ = floor.run("create", 10)
                made = max(made, population) + 10
                self.floor_points.append({"networks": population, "create": sorted(walls)[5] * 1e3})
            floor.end()
            quiet()

    def pieces(self):
        """The floor's own figures against what is known of the kernel."""
        floor = Floor(f"{self.folder}/floor", f"{self.folder}/table.nft", f"{self.daemon.folder}/journal")
        for what, (text, known) in KNOWN.items():
            walls, _ = floor.run(what, 50)
            self.table.ratio(f"the floor's {text} against what is known", sorted(walls)[25] * 1e6, known, 1.3, "µs")
        floor.end()
        quiet()

    # MARK: One operation against the floor's

    def create(self, client=None, name=None, **more):
        if not name:
            self.made += 1
            name = f"n{self.made}"
        return (client or self.client).call("POST", "/networks/create", {"Name": name, **more})

    def alternate(self, ours, what, blocks, size):
        """Blocks of operations, ours and the floor's in turn: what else the machine does hits both."""
        mine, theirs = Samples(), Samples()
        for _ in range(blocks):
            begin = cpu_time(self.daemon.process.pid)
            walls = [ours() for _ in range(size)]
            mine.add(walls, cpu_time(self.daemon.process.pid) - begin)
            theirs.add(*self.floor.run(what, size))
        return mine, theirs

    def compare(self, what, where, mine, theirs, bound=2):
        self.table.ratio(f"{what}, p50, {where}", mine.p50 * 1e3, theirs.p50 * 1e3, bound)
        self.table.compare("… p10", mine.p10 * 1e3, theirs.p10 * 1e3)
        self.table.compare("… p95", mine.p95 * 1e3, theirs.p95 * 1e3)
        self.table.compare("… CPU", mine.cpu_each * 1e3, theirs.cpu_each * 1e3)
        self.growth.setdefault(what, []).append(mine.p50 / theirs.p50)

    def creates(self, where):
        self.compare("create", where, *self.alternate(lambda: self.create()[1], "create", 10, 8))

    def containers(self):
        """Ten that run, on a network of their own."""
        self.create(name="home")
        for i in range(10):
            self.client.call("POST", f"/containers/create?name=c{i}",
                             {"Image": "scratch", "HostConfig": {"NetworkMode": "home"}})
            self.client.call("POST", f"/containers/c{i}/start")

    def connects(self, where):
        network = self.create()[0]["Id"]
        connects, disconnects, made, deleted = Samples(), Samples(), Samples(), Samples()

        def each(verb):
            begin = cpu_time(self.daemon.process.pid)
            walls = [self.client.call("POST", f"/networks/{network}/{verb}", {"Container": f"c{i}"})[1]
                     for i in range(5)]
            return walls, cpu_time(self.daemon.process.pid) - begin

        for _ in range(6):
            connects.add(*each("connect"))
            made.add(*self.floor.run("connect", 5))
            disconnects.add(*each("disconnect"))
            deleted.add(*self.floor.run("detach", 5))
        self.compare("connect running", where, connects, made)
        self.compare("disconnect running", where, disconnects, deleted, bound=1.3)
        self.growth.pop("disconnect running")

    # MARK: Many at once, many in a row

    def series(self):
        """500 creates by one client, beside 500 of the floor's."""
        mine, theirs = self.alternate(lambda: self.create()[1], "create", 10, 50)
        self.table.ratio("500 creates by one client", sum(mine.walls), sum(theirs.walls), 2, "s")

    def parallel_creates(self, population):
        count = population - self.made

        def work(numbers):
            client = self.daemon.client()
            for number in numbers:
                self.create(client, f"p{number}")

        rates = []
        cpu = cpu_time(self.daemon.process.pid)
        for part in range(4):
            numbers = range(part, count, 4)
            begin = time.perf_counter()
            with ThreadPoolExecutor(16) as pool:
                list(pool.map(work, [numbers[i::16] for i in range(16)]))
            took = time.perf_counter() - begin
            walls, _ = self.floor.run("populate", len(numbers))
            rates.append((len(numbers) / took, len(numbers) / sum(walls)))
        self.made += count
        mine, theirs = sorted(rates)[1]
        self.table.ratio("16 clients creating at once (floor without fsync)", mine, theirs, 0.5, "/s", at_least=True)
        self.table.note("… CPU", f"{(cpu_time(self.daemon.process.pid) - cpu) / count * 1e3:.3g} ms each")

    def parallel_disconnects(self):
        """Eight at once against one after another."""
        network = self.create()[0]["Id"]
        clients = [self.daemon.client() for _ in range(8)]

        def disconnect(i):
            clients[i].call("POST", f"/networks/{network}/disconnect", {"Container": f"c{i}"})

        took = {1: [], 8: []}
        for lanes in (1, 8) * 3:
            for i in range(8):
                self.client.call("POST", f"/networks/{network}/connect", {"Container": f"c{i}"})
            begin = time.perf_counter()
            with ThreadPoolExecutor(lanes) as pool:
                list(pool.map(disconnect, range(8)))
            took[lanes].append(time.perf_counter() - begin)
        self.table.ratio("8 disconnects in parallel: rate over serial", 8 / sorted(took[8])[1], 8 / sorted(took[1])[1], 4,
                         "/s", at_least=True)

    def deletes(self):
        """500 deletes by one client; the last of all, since their links take a while to go."""
        names = [f"n{i}" for i in range(100, 600)]
        took = sum(self.client.call("DELETE", f"/networks/{name}")[1] for name in names)
        self.table.bound("500 deletes by one client: answers", took, 1, "s")

    # MARK: What answers before the kernel is done

    def removals(self):
        """Answers of network delete, container stop and remove; creates go on meanwhile."""
        victims = [self.create(name=f"v{i}")[0]["Id"] for i in range(40)]
        for i in range(20):
            self.client.call("POST", f"/containers/create?name=s{i}",
                             {"Image": "scratch", "HostConfig": {"NetworkMode": "home"}})
            self.client.call("POST", f"/containers/s{i}/start")
        walls = {"network delete": [], "container stop": [], "container remove": []}
        creates, over = Samples(), threading.Event()

        def create():
            client, number = self.daemon.client(), 0
            while not over.is_set():
                creates.walls.append(self.create(client, f"w{number}")[1])
                number += 1
                time.sleep(0.02)

        before = links(("br-", "veth", "gone-")) - 60
        beside = threading.Thread(target=create)
        beside.start()
        begin = time.perf_counter()
        for victim in victims:
            walls["network delete"].append(self.client.call("DELETE", f"/networks/{victim}")[1])
        for i in range(20):
            walls["container stop"].append(self.client.call("POST", f"/containers/s{i}/stop")[1])
        for i in range(20):
            walls["container remove"].append(self.client.call("DELETE", f"/containers/s{i}")[1])
        over.set()
        beside.join()
        before += len(creates.walls)
        until(lambda: links(("br-", "veth", "gone-")) <= before, 30)
        gone = (time.perf_counter() - begin) * 1e3 / 60
        for what, samples in walls.items():
            self.table.bound(f"{what}: answer, p50", sorted(samples)[len(samples) // 2] * 1e3, 5)
        self.table.bound("… create meanwhile, p95", creates.p95 * 1e3, 40)
        self.table.bound("… links gone, per link", gone, 60)

    def prune(self):
        for i in range(100):
            self.create(name=f"prune{i}", Labels={"prune": ""})
        answer, took = self.client.call("POST", "/networks/prune?filters=%7B%22label%22%3A%5B%22prune%22%5D%7D")
        if len(answer["NetworksDeleted"]) != 100:
            raise RuntimeError(f"pruned {len(answer['NetworksDeleted'])}")
        self.table.bound("prune of 100 networks: answer", took, 1, "s")
        until(lambda: links("gone-") == 0, 30)

    # MARK: The daemon's own

    def rules(self):
        out = subprocess.run(["nft", "-j", "list", "table", "inet", "fairlead"], capture_output=True, check=True).stdout
        return sum("chain" in item or "rule" in item for item in json.loads(out)["nftables"])

    def heal(self):
        """What others undo, and creates while their links come and go."""
        healing = Healing(self.daemon, self.table)
        try:
            healing.populate()
            healing.measure()
        finally:
            healing.clear()
            until(lambda: links("gone-") == 0, 30)
        creates_beside_churn(
            self.table, lambda blocks: self.alternate(lambda: self.create()[1], "create", blocks, 4),
            lambda: cpu_time(self.daemon.process.pid))

    def reads(self, where):
        """Server CPU of a GET against a C program's that sends the same bytes."""
        if not shutil.which("wrk"):
            return self.table.note("GETs", "not measured: wrk is not installed")
        name = f"n{random.randrange(20, 80)}"
        for what, target, seconds in (("GET inspect", f"/v1.45/networks/{name}", 2), ("GET list", "/v1.45/networks", 2)):
            server = Server(self.folder, target)
            try:
                mine, theirs = [], []
                for _ in range(5):
                    mine.append(requests(self.daemon.process.pid, PORT, target, seconds))
                    theirs.append(requests(server.pid, server.port, target, seconds))
                with mutations(self.daemon.client(), 50):
                    disturbed, bystander = [], []
                    for _ in range(5):
                        disturbed.append(requests(self.daemon.process.pid, PORT, target, 1).p99)
                        bystander.append(requests(server.pid, server.port, target, 1).p99)
            finally:
                server.end()
            # The turn that was disturbed least.
            least, most = min(mine).cpu * 1e6, min(theirs).cpu * 1e6
            mine, theirs = sorted(mine)[2], sorted(theirs)[2]
            self.table.ratio(f"{what}, {where}: server CPU per request", mine.cpu * 1e6, theirs.cpu * 1e6, 1.15, "µs")
            self.table.compare("… least", least, most, "µs")
            self.table.note("… requests a second; p99", f"{mine.rate:.0f}; {mine.p99:.3g} ms",
                            f"{theirs.rate:.0f}; {theirs.p99:.3g} ms")
            # The C server beside the same mutations: what the machine's own business comes to.
            self.table.ratio("… p99 beside 50 mutations a second", sorted(disturbed)[2], sorted(bystander)[2], 1.25)

    def restart(self):
        """2,000 endpoints on ten of the networks."""
        names = [f"n{i}" for i in range(21, 31)]

        def start(numbers):
            client = self.daemon.client()
            for number in numbers:
                client.call("POST", f"/containers/create?name=r{number}", {
                    "Image": "scratch", "HostConfig": {"NetworkMode": names[0]},
                    "NetworkingConfig": {"EndpointsConfig": {name: {} for name in names}}})
                client.call("POST", f"/containers/r{number}/start")

        begin = time.perf_counter()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(start, [range(i, 200, 8) for i in range(8)]))
        self.table.note("200 containers with 10 endpoints each, 8 clients: start", f"{time.perf_counter() - begin:.3g} s")
        times, cpu = [], 0.0
        for _ in range(3):
            self.daemon.stop()
            times.append(self.daemon.start())
            cpu = cpu_time(self.daemon.process.pid)
        self.client = self.daemon.client()
        self.table.bound("restart, 1,000 networks, 2,000 endpoints: until it answers", sorted(times)[1], 1, "s")
        self.table.note("… CPU", f"{cpu:.3g} s")
        plan = self.daemon.plan()
        self.table.note("… plan", "empty" if plan.returncode == 0 else plan.stdout.splitlines()[-1], asked="empty",
                        met=plan.returncode == 0)
        self.table.note("memory (Pss), 1,000 networks, 2,000 endpoints, after a restart", f"{self.daemon.memory():.3g} MB")

    def ten_thousand(self, rules):
        """One client goes on to 10,000 networks; the last 100 beside the floor's."""
        where, before = f"{TOP:,} networks", self.made
        while self.made < TOP - 100:
            self.create()
        self.floor.run("populate", TOP - 100 - before)
        self.compare("create", where, *self.alternate(lambda: self.create()[1], "create", 10, 10))
        walls = [self.client.call("GET", "/networks", json_wanted=False)[1] for _ in range(20)]
        self.table.bound(f"list, {where}", sorted(walls)[10] * 1e3, 20)
        self.connects(where)
        self.table.note(f"chains and rules at 0 and {where}", f"{rules} and {self.rules()}",
                        asked="the same", met=rules == self.rules())
        self.reads(where)
        point = sample(self, self.client, TOP)
        self.daemon.stop()
        point["restart"] = self.daemon.start()
        self.client = self.daemon.client()
        self.engines.get("Fairlead", []).append(point)

    # MARK: As an engine

    has_containers = False

    def memory(self):
        return self.daemon.memory()

    def settle(self):
        until(lambda: links("gone-") == 0, 60)
