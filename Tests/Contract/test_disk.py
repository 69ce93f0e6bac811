"""A disk that is full or refuses, under the real daemon: what is refused says why and leaves no trace, not even after a
`kill -9`; what was answered is there; and when the disk works again, so does the daemon."""

import os
import threading

import pytest
from rig.agreement import disagreements
from rig.daemon import DOOMED
from rig.faults import FOREVER, SYNC, WRITE, Faults, build
from rig.namespaces import until

FULL, BROKEN = "disk is full", "disk I/O error"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build(str(tmp_path_factory.mktemp("faults")))


@pytest.fixture
def faulty(new_daemon, library):
    daemon = new_daemon()
    daemon.faults = Faults(daemon, library)
    daemon.start()
    return daemon


def furnish(api):
    api.create_network("front", "10.1.0.0/24")
    api.create_network("back", "10.2.0.0/24")
    api.create_network("unused", "10.3.0.0/24")
    api.run("web", "front")
    api.connect_network("back", "web")
    api.run("app", "front")
    api.create("idle", "front")


# --- what clients may want: each one request, one commit.

MUTATIONS = {
    "create-network": lambda api: api.post("/networks/create", {"Name": "new"}),
    "delete-network": lambda api: api.delete("/networks/unused"),
    "prune-networks": lambda api: api.post("/networks/prune"),
    "create-container": lambda api: api.post("/containers/create?name=new", {"Image": "scratch"}),
    "start": lambda api: api.post("/containers/idle/start"),
    "connect": lambda api: api.post("/networks/unused/connect", {"Container": "web"}),
    "connect-stopped": lambda api: api.post("/networks/unused/connect", {"Container": "idle"}),
    "disconnect": lambda api: api.post("/networks/back/disconnect", {"Container": "web"}),
    "disconnect-stopped": lambda api: api.post("/networks/front/disconnect", {"Container": "idle"}),
    "rename": lambda api: api.post("/containers/web/rename?name=www"),
    "stop": lambda api: api.post("/containers/web/stop"),
    "kill": lambda api: api.post("/containers/web/kill"),
    "restart": lambda api: api.post("/containers/web/restart"),
    "remove-running": lambda api: api.delete("/containers/web?force=1"),
    "remove": lambda api: api.delete("/containers/idle"),
    "prune-containers": lambda api: api.post("/containers/prune"),
}


# --- what must not change

def dump(daemon) -> list:
    """All rows, by somebody else's SQLite."""
    path = daemon.database().removeprefix(daemon.space.host_path(""))
    return daemon.space.run("sqlite3", "-readonly", "-cmd", ".timeout 5000", path, ".dump").splitlines()


def kernel(daemon) -> dict:
    """Without the carrier, which the kernel works out at its leisure."""
    return {
        "links": {
            name: (link["ifindex"], link["address"], link.get("master"), link.get("ifalias"), "UP" in link["flags"])
            for name, link in daemon.space.links().items() if not DOOMED.match(name)
        },
        "table": daemon.table(handles=True),
        "mounts": sorted(daemon.space.mounts(daemon.exec_root)),
        "inside": {
            name: sorted(daemon.container(name).links()) for name in ("web", "app")
        },
    }


def names(api) -> tuple:
    return (
        sorted(network["Name"] for network in api.expect(200, "GET", "/networks").json),
        sorted(each["Names"][0] + " " + each["State"] for each in api.expect(200, "GET", "/containers/json?all=1").json),
    )


def is_refused(reply, reason) -> None:
    assert reply.status == 500 and reason in reply.message, reply


def agrees(daemon) -> None:
    until(lambda: not disagreements(daemon), 8, what=f"agreement of store and kernel; {disagreements(daemon)}")


# --- full disks

class SmallDisk:
    """A tmpfs as the daemon's data root, in its mount namespace."""

    def __init__(self, daemon, kibibytes=512):
        self.space, self.root = daemon.space, daemon.data_root
        self.space.run("mkdir", "-p", self.root)
        self.space.run("mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "tmpfs", self.root)

    def fill(self) -> None:
        with open(self.space.host_path(f"{self.root}/filler"), "ab", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError as error:
                assert error.errno == 28, error

    def free(self) -> None:
        self.space.run("rm", f"{self.root}/filler")


def test_full(new_daemon):
    daemon = new_daemon()
    disk = SmallDisk(daemon)
    api = daemon.start().api
    furnish(api)
    for mutation, act in MUTATIONS.items():
        # Again each time: settling a failure may give the write-ahead log's room back.
        disk.fill()
        before = dump(daemon), kernel(daemon), names(api)
        reply = act(api)
        assert reply.status == 500 and FULL in reply.message, f"{mutation}: {reply}"
        assert (dump(daemon), kernel(daemon), names(api)) == before, f"{mutation} left a trace"
        assert api.inspect("web")["State"]["Running"]
    disk.free()
    assert MUTATIONS["create-network"](api).status == 201
    agrees(daemon)
    assert daemon.plan() == []


def test_start_on_a_full_disk(new_daemon):
    daemon = new_daemon()
    disk = SmallDisk(daemon)
    disk.fill()
    assert refuses_to_start(daemon, "fairlead.db") == ["filler"]
    disk.free()
    api = daemon.start().api
    furnish(api)
    there = names(api)
    # Its index lies beside the write-ahead log; after a clean end, room is needed for a new one.
    disk.fill()
    daemon.stop()
    disk.fill()
    refuses_to_start(daemon, "fairlead.db")
    disk.free()
    daemon.start()
    assert names(api) == there
    # After a crash it is still there.
    disk.fill()
    daemon.kill()
    daemon.start()
    assert names(api) == there
    is_refused(MUTATIONS["create-network"](api), FULL)
    disk.free()
    agrees(daemon)


def refuses_to_start(daemon, text: str) -> list:
    """One line that says why; returns what is in the data root."""
    told = len(daemon.log_text()) if os.path.exists(daemon.log) else 0
    assert daemon.launch().wait(10) == 1, daemon.log_tail()
    lines = daemon.log_text()[told:].splitlines()
    assert len(lines) == 1 and text in lines[0] and ("No space left" in lines[0] or FULL in lines[0]), lines
    return [name for name in daemon.space.run("ls", daemon.data_root).split() if name != "fairlead.lock"]


# --- broken disks

# Which of the operations that a failed COMMIT needs fail: its fsync; those of the attempt to settle it, too; all; a write.
FAULTS = {
    "fsync": {"operations": SYNC},
    "fsync-and-settling": {"operations": SYNC, "times": 3, "file": ""},
    "fsync-for-good": {"operations": SYNC, "times": FOREVER, "file": ""},
    "first-write": {"operations": WRITE},
    "last-write-for-good": {"operations": WRITE, "times": FOREVER},
    "everything": {"operations": SYNC | WRITE, "times": FOREVER},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_refused_stays_refused(faulty, fault):
    """Killed right after the refusal, the daemon starts with what it had before."""
    daemon, api, faults = faulty, faulty.api, faulty.faults
    furnish(api)
    chosen = ["create-network", "delete-network", "connect", "disconnect", "stop"]
    for number, mutation in enumerate(chosen):
        before = dump(daemon), kernel(daemon), names(api)
        settings = {**FAULTS[fault]}
        if fault == "last-write-for-good":
            settings["skip"] = 3 + number
        faults.arm(**settings)
        reply = MUTATIONS[mutation](api)
        daemon.kill()
        faults.disarm()
        assert faults.failed > 0
        is_refused(reply, BROKEN)
        daemon.start()
        after = dump(daemon), kernel(daemon), names(api)
        assert after == before, f"{mutation} has come back"
        assert daemon.plan() == []


@pytest.mark.parametrize("nth", range(4))
def test_only_that_commit(faulty, nth):
    """The nth of several fails; the disk works again; those before and after are there, also after a crash."""
    daemon, api, faults = faulty, faulty.api, faulty.faults
    for operations in (SYNC, SYNC | WRITE):
        if operations == SYNC:
            faults.arm(SYNC, skip=nth)
        kept = []
        for number in range(5):
            if operations != SYNC and number == nth:
                faults.arm(operations, times=1)
            name = f"net{operations}{number}"
            reply = api.post("/networks/create", {"Name": name})
            if number == nth:
                is_refused(reply, BROKEN)
            else:
                assert reply.status == 201, reply
                kept.append(name)
        assert faults.failed == 1
        daemon.restart("kill")
        there = [name for name in names(api)[0] if name.startswith(f"net{operations}")]
        assert there == kept
        assert api.post("/networks/create", {"Name": f"net{operations}{nth}"}).status == 201
    agrees(daemon)


def test_a_burst_fails_together(faulty):
    """Those who share a COMMIT share its failure; nobody else does."""
    daemon, api, faults = faulty, faulty.api, faulty.faults
    api.create_network("front", "10.1.0.0/24")
    # The first fsync takes long enough for all others to gather behind it.
    faults.arm(SYNC, skip=1, pause=1000)
    replies = {}

    def create(name):
        if name.startswith("net"):
            replies[name] = api.post("/networks/create", {"Name": name, "IPAM": {"Config": [{"Subnet": f"10.9.{name[3:]}.0/24"}]}})
        else:
            replies[name] = api.post(f"/containers/create?name={name}", {"Image": "scratch"})

    crowd = [f"net{number}" for number in range(12)] + [f"box{number}" for number in range(12)]
    first = threading.Thread(target=create, args=["first"])
    first.start()
    until(lambda: faults.passed == 1, what="the first fsync")
    threads = [threading.Thread(target=create, args=[name]) for name in crowd]
    for thread in threads:
        thread.start()
    for thread in [first, *threads]:
        thread.join(15)
        assert not thread.is_alive()
    faults.disarm()
    assert replies["first"].status == 201 and faults.failed == 1
    for name in crowd:
        is_refused(replies[name], BROKEN)
    create("late")
    assert replies["late"].status == 201
    daemon.restart("kill")
    assert names(api) == (["bridge", "front", "host", "none"], ["/first created", "/late created"])
    agrees(daemon)
    for name in crowd:
        create(name)
        assert replies[name].status == 201, replies[name]


def test_what_is_owed_does_not_raise_the_dead(faulty):
    """A start that the disk refused is noted with the next change; not once its container is gone."""
    daemon, api, faults = faulty, faulty.api, faulty.faults
    api.create_network("front", "10.1.0.0/24")
    removed = []
    for skip in range(5):
        # First what settles the earlier failure fails; then the COMMIT of note and removal, after which the removal alone
        # is tried again; then nothing.
        name = f"idle{skip}"
        api.create(name, "front")
        faults.arm(SYNC, times=FOREVER, file="")
        is_refused(api.post(f"/containers/{name}/start"), BROKEN)
        faults.arm(SYNC, skip=skip)
        reply = api.delete(f"/containers/{name}")
        faults.disarm()
        removed.append((reply.status, faults.failed))
        assert reply.status == 204, reply
        api.create_network(f"later{skip}")
        assert daemon.rows("SELECT name FROM container") == []
    assert (204, 0) in removed and (204, 1) in removed
    daemon.restart("kill")
    assert names(api)[1] == []
    agrees(daemon)


@pytest.mark.parametrize("how", ["kill", "stop", "wait"])
def test_what_the_kernel_refused_is_let_go_of_by_itself(faulty, how):
    """The kernel refuses a connect and the disk the undo: it is told again as soon as it listens, and before the end."""
    daemon, api, faults = faulty, faulty.api, faulty.faults
    api.create_network("front", "10.1.0.0/24")
    api.create_network("back", "10.2.0.0/24")
    api.run("web", "front")
    web = daemon.container("web")
    web.run("ip", "link", "add", "taken", "type", "bridge")
    faults.arm(SYNC, skip=1, times=FOREVER)
    options = {"com.docker.network.endpoint.ifname": "taken"}
    reply = api.post("/networks/back/connect", {"Container": "web", "EndpointConfig": {"DriverOpts": options}})
    faults.disarm()
    assert reply.status == 500 and "file exists" in reply.message, reply
    web.run("ip", "link", "del", "taken")
    if how != "stop":
        until(lambda: len(daemon.rows("SELECT id FROM endpoint")) == 1, 12, what="the row going by itself")
    if how != "wait":
        daemon.restart(how)
    assert set(api.inspect("web")["NetworkSettings"]["Networks"]) == {"front"}
    agrees(daemon)
    assert daemon.plan() == []


def test_served_meanwhile(faulty):
    """While the disk refuses for good, everything can be read; each change is refused with the reason, all the time."""
    daemon, api, faults = faulty, faulty.api, faulty.faults
    furnish(api)
    before = dump(daemon), kernel(daemon), names(api)
    faults.arm(SYNC | WRITE, times=FOREVER)
    for mutation, act in MUTATIONS.items():
        is_refused(act(api), BROKEN)
        assert names(api) == before[2], mutation
    assert api.inspect("web")["State"]["Running"] and daemon.plan() == []
    assert kernel(daemon) == before[1] and dump(daemon) == before[0]
    faults.disarm()
    assert MUTATIONS["stop"](api).status == 204
    agrees(daemon)
