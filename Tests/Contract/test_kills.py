"""Killed before and after every step of every operation: afterwards store and kernel agree, and what was half made is
there whole or not at all."""

import http.client
import threading

import pytest
from rig.agreement import agrees
from rig.namespaces import until
from rig.steps import Gate
from rig.toil import killed_at_random

BOTH = ["10.1.0.0/24", "fd00:1::/64"]


class Operation:
    """A state to start from, a request, and how it can be told whether it was done."""

    def __init__(self, prepare, act, done):
        self.prepare, self.act, self.done = prepare, act, done


def nothing(api):
    pass


def a_network(api):
    api.create_network("front", BOTH, EnableIPv6=True)


def a_container(api):
    a_network(api)
    api.create("web", "front")


def a_running_one(api):
    a_network(api)
    api.run("web", "front")


def two_networks(api):
    a_running_one(api)
    api.create_network("back", "10.2.0.0/24", Internal=True)


def connected(api):
    two_networks(api)
    api.connect_network("back", "web")


def some_unused(api):
    a_running_one(api)
    for number in range(3):
        api.create_network(f"unused{number}")


def exists(kind, name):
    return lambda api: api.get(f"/{kind}/{name}" + ("/json" if kind == "containers" else "")).status == 200


def running(api):
    return api.inspect("web")["State"]["Running"]


def on_back(api):
    return "back" in api.inspect("web")["NetworkSettings"]["Networks"]


def gone(check):
    return lambda api: not check(api)


OPERATIONS = {
    "create-network": Operation(
        nothing, lambda api: api.post("/networks/create", {
            "Name": "front", "EnableIPv6": True, "IPAM": {"Config": [{"Subnet": subnet} for subnet in BOTH]}}),
        exists("networks", "front")),
    "delete-network": Operation(a_network, lambda api: api.delete("/networks/front"), gone(exists("networks", "front"))),
    "create-container": Operation(
        a_network, lambda api: api.post("/containers/create?name=web", {"Image": "scratch", "HostConfig": {"NetworkMode": "front"}}),
        exists("containers", "web")),
    "start": Operation(a_container, lambda api: api.post("/containers/web/start"), running),
    "connect": Operation(
        two_networks, lambda api: api.post("/networks/back/connect", {"Container": "web"}), on_back),
    "disconnect": Operation(
        connected, lambda api: api.post("/networks/back/disconnect", {"Container": "web"}), gone(on_back)),
    "stop": Operation(a_running_one, lambda api: api.post("/containers/web/stop"), gone(running)),
    "restart": Operation(a_running_one, lambda api: api.post("/containers/web/restart"), running),
    "kill": Operation(a_running_one, lambda api: api.post("/containers/web/kill"), gone(running)),
    "remove": Operation(
        a_running_one, lambda api: api.delete("/containers/web?force=1"), gone(exists("containers", "web"))),
    "prune": Operation(
        some_unused, lambda api: api.post("/networks/prune"),
        lambda api: not any(n["Name"].startswith("unused") for n in api.get("/networks").json)),
}


def gated(daemon):
    daemon.gate = Gate()
    return daemon.start()


def steps_of(daemon, operation) -> list:
    """What an undisturbed run announces, with what the collector does later."""
    operation.prepare(daemon.api)
    daemon.gate.quiet()
    daemon.gate.watch()
    reply = operation.act(daemon.api)
    assert reply.status < 300, reply
    lines = daemon.gate.quiet()
    assert operation.done(daemon.api)
    daemon.gate.watch()
    daemon.api.clear()
    agrees(daemon)
    return lines


def struck_down(daemon, operation, number):
    """Kills the daemon in place of the step's line; the status of the answer, should one have come before."""
    operation.prepare(daemon.api)
    daemon.gate.quiet(0.1)
    daemon.gate.watch(number, daemon.process.kill)
    answers = []

    def act():
        try:
            answers.append(operation.act(daemon.api).status)
        except (OSError, http.client.HTTPException):
            pass

    client = threading.Thread(target=act)
    client.start()
    try:
        daemon.process.wait(6)
    except Exception:
        daemon.kill()  # Fewer steps this time: what is left to the collector varies.
    client.join(10)
    assert not client.is_alive()
    return answers[0] if answers else None


def killed_at_every_step(daemon, operation, check=agrees) -> list:
    """Strikes at each line that the operation announces, and returns them; `check` looks at the daemon after the start and
    once all is removed."""
    steps_of(daemon, operation)  # The first IPv6 network turns forwarding on.
    lines = steps_of(daemon, operation)
    assert any(line.startswith("before commit") for line in lines), lines
    for number, line in enumerate(lines):
        status = struck_down(daemon, operation, number)
        gated(daemon)
        try:
            check(daemon)
            assert daemon.plan() == []
            is_done = operation.done(daemon.api)
            if status is not None and status < 300:
                assert is_done, f"it was answered with {status}, and is not so"
            daemon.api.clear()
            check(daemon)
        except AssertionError as error:
            raise AssertionError(f"killed at line {number}, `{line}`, of {lines}\n{error}") from None
    return lines


@pytest.mark.parametrize("name", OPERATIONS)
def test_killed_at_every_step(new_daemon, name):
    killed_at_every_step(gated(new_daemon()), OPERATIONS[name])


def test_killed_while_forwarding_is_turned_on(new_daemon):
    """The first network with IPv6, on a fresh machine each time."""
    operation = OPERATIONS["create-network"]
    lines = steps_of(gated(new_daemon()), operation)
    last = max(number for number, line in enumerate(lines) if "forwarding" in line)
    assert last > 3, lines
    for number in range(last + 1):
        daemon = gated(new_daemon())
        struck_down(daemon, operation, number)
        gated(daemon)
        agrees(daemon)
        daemon.api.clear()
        assert operation.act(daemon.api).status == 201
        assert daemon.space.sysctl("net/ipv6/conf/all/forwarding") == "1"
        closed = [item["set"]["elem"] for item in daemon.table() if item.get("set", {}).get("name") == "closed"]
        assert "ipv6" in str(closed), "foreign IPv6 traffic is forwarded all of a sudden"


def test_killed_at_every_step_of_a_start(new_daemon):
    """As after a reboot: the store is all there is."""
    daemon = gated(new_daemon())
    two_networks(daemon.api)
    daemon.api.connect_network("back", "web")
    daemon.api.create("lasting", "front", HostConfig={"RestartPolicy": {"Name": "always"}})
    daemon.api.start("lasting")
    number = 0
    while True:
        daemon.kill()
        empty(daemon)
        daemon.gate = Gate()
        daemon.gate.watch(number, lambda: daemon.process.kill())
        daemon.launch()
        if not ends(daemon, daemon.gate, number):
            break
        line = daemon.gate.lines[-1]
        gated(daemon)
        try:
            agrees(daemon)
            assert daemon.plan() == []
            assert daemon.api.inspect("lasting")["State"]["Running"] and not daemon.api.inspect("web")["State"]["Running"]
        except AssertionError as error:
            raise AssertionError(f"killed at line {number} of a start, `{line}`\n{error}") from None
        number += 1
    assert number > 10
    daemon.gate.watch()
    agrees(daemon)


def ends(daemon, gate, number) -> bool:
    """Whether the daemon was struck down, rather than ready without having come so far."""

    def decided():
        if daemon.process.poll() is not None:
            return "ended"
        try:
            return "ready" if len(gate.lines) <= number and daemon.api.get("/_ping", timeout=2).status == 200 else None
        except OSError:
            return None

    return until(decided, 15) == "ended"


def empty(daemon):
    """Takes away all that a reboot would."""
    for name in daemon.links():
        if name in daemon.space.links():
            daemon.space.run("ip", "link", "del", name)
    daemon.space.run("nft", "flush", "ruleset")
    for pin in daemon.space.mounts(daemon.exec_root):
        daemon.space.run("umount", pin)
    daemon.space.run("sh", "-c", f"rm -rf {daemon.exec_root}/*")


@pytest.mark.timeout(600)
def test_killed_at_random(new_daemon):
    answers, _ = killed_at_random(new_daemon().start(), kills=300)
    assert answers > 300, "there was no load to speak of"
