"""Over stops, kills and reboots of the machine: no packet lost, no address changed, everybody back before READY."""

import os
import signal
import socket
import time

import pytest
from rig.looks import connections, counters, seen_by_clients, seen_by_the_kernel
from rig.namespaces import Netns, until
from rig.supervisor import Supervisor
from rig.traffic import Greeter, Traffic

OUTSIDE = ("192.0.2.2", "2001:db8::2")
PORT = 7070


# --- restarts


@pytest.fixture
def crossing(new_daemon):
    """Two containers on a network of both families, with a way out of it."""
    daemon = new_daemon(outside=True).start()
    daemon.api.create_network("front", ["10.1.0.0/24", "fd00:1::/64"], EnableIPv6=True)
    daemon.api.run("web", "front")
    daemon.api.run("app", "front")
    for name in ("web", "app"):
        until(lambda: "tentative" not in daemon.container(name).run("ip", "-6", "addr"), what="the end of duplicate detection")
    until(lambda: daemon.plan() == [], what="an empty plan")
    return daemon


def held_connection(source, target, address):
    """A TCP connection between two namespaces that stays: both ends."""
    def listen():
        server = socket.create_server((address, 7171), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
        return server

    server = target.call(listen)
    client = source.call(lambda: socket.create_connection((address, 7171), timeout=10))
    peer, _ = server.accept()
    server.close()
    return client, peer


def test_no_packet_is_lost(crossing):
    """A thousand echo requests a second from a container to another and to the outside, IPv4 and IPv6, over stops, kills and
    starts: 0 are lost, and every connection begun meanwhile opens without a second try. What is there keeps its identity."""
    daemon = crossing
    web, app = daemon.container("web"), daemon.container("app")
    inside = [daemon.api.endpoint("app", "front")[key] for key in ("IPAddress", "GlobalIPv6Address")]
    targets = [*inside, *OUTSIDE]
    greeters = [Greeter(app, PORT), Greeter(daemon.outside, PORT)]
    kept = [held_connection(web, daemon.outside, address) for address in OUTSIDE]
    for address in targets:
        assert web.pings(address), address
    # Neighbours are learnt by now, and what was denied has been counted.
    assert not daemon.outside.pings(inside[0], 0.5)
    clients, kernel = seen_by_clients(daemon.api), seen_by_the_kernel(daemon, ("web", "app"))
    traffic = Traffic(web, pings=targets, dials=targets, port=PORT)
    time.sleep(0.3)
    flows = {entry for entry in connections(daemon.space) if "dport=7070" not in entry[1]}
    counted = counters(daemon)
    for how in ("stop", "kill", "stop", "kill"):
        getattr(daemon, how)()
        time.sleep(0.2)
        daemon.start()
    assert daemon.plan() == []
    still = connections(daemon.space)
    figures = traffic.end()
    assert figures["seconds"] > 1
    for address in targets:
        pings, dials = figures["pings"][address], figures["dials"][address]
        assert pings["sent"] > 900 * figures["seconds"], f"{address}: not a thousand a second: {pings}"
        assert (pings["lost"], pings["refused"]) == (0, []), f"{address}: {pings}"
        assert (dials["failed"], dials["retransmitted"]) == ([], 0) and dials["opened"] > 20, f"{address}: {dials}"
    for client, peer in kept:
        client.sendall(b"still here")
        assert peer.recv(64) == b"still here"
        client.close()
        peer.close()
    assert len(flows) >= 4, f"echo requests and connections to the outside are tracked: {flows}"
    assert flows <= still, f"flows that are gone: {flows - still}"
    assert seen_by_clients(daemon.api) == clients
    now = seen_by_the_kernel(daemon, ("web", "app"))
    for part, was in kernel.items():
        assert now[part] == was, part
    assert counted and any(counted.values())
    later = counters(daemon)
    assert {key: value for key, value in counted.items() if later.get(key, -1) < value} == {}, "counters went back"
    for greeter in greeters:
        greeter.end()


# --- reboots

# name, restart policy, what was done by hand before; whether it comes back.
BOXES = [
    ("always", "always", None, True),
    ("always-stopped", "always", "stop", True),
    ("always-created", "always", "create", False),
    ("unless", "unless-stopped", None, True),
    ("unless-stopped", "unless-stopped", "stop", False),
    ("failure", "on-failure", None, True),
    ("failure-stopped", "on-failure", "stop", False),
    ("none", "no", None, False),
    ("none-stopped", "no", "stop", False),
]


@pytest.fixture
def inhabited(new_daemon):
    """A daemon under a supervisor, with a container of each fate on two networks, and one that shares a namespace."""
    daemon = new_daemon()
    daemon.supervisor = Supervisor(daemon.folder)
    daemon.start()
    daemon.api.create_network("front", ["10.1.0.0/24", "fd00:1::/64"], EnableIPv6=True)
    daemon.api.create_network("back", Internal=True)
    for name, policy, by_hand, _ in BOXES:
        daemon.api.create(name, "front", HostConfig={"RestartPolicy": {"Name": policy}},
                          NetworkingConfig={"EndpointsConfig": {"front": {}, "back": {}}})
        if by_hand != "create":
            daemon.api.start(name)
        if by_hand == "stop":
            daemon.api.stop(name)
    daemon.api.run("sharer", "container:always", HostConfig={"RestartPolicy": {"Name": "always"}})
    return daemon


def networking(daemon, name):
    """Addresses and MACs, as inspect has them and as the kernel does."""
    told = daemon.api.inspect(name)["NetworkSettings"]
    endpoints = {
        network: {key: value for key, value in endpoint.items() if key != "EndpointID"}
        for network, endpoint in told["Networks"].items()
    }
    return told["SandboxKey"], endpoints, inside(daemon.container(name))


def inside(netns):
    # The kernel's own link-local addresses come after a while.
    return {
        link["ifname"]: (link["address"], sorted(a["local"] for a in link["addr_info"] if a["scope"] == "global"))
        for link in netns.ip("addr") if link["ifname"] != "lo"
    }




def empty_the_exec_root(daemon):
    """Every pin goes, and with it the namespace; the daemon's own namespace stays, with bridges and rules."""
    daemon.space.run("sh", "-c", f'umount "{daemon.exec_root}"/netns/*')
    daemon.space.run("rm", "-rf", daemon.exec_root)


LOSSES = {
    "reboot": ("stop", lambda daemon: daemon.reboot("11111111-2222-3333-4444-555555555555")),
    "fresh namespace in the same boot": ("kill", lambda daemon: daemon.reboot()),
    "emptied exec root": ("kill", empty_the_exec_root),
}


@pytest.mark.parametrize("how, lose", LOSSES.values(), ids=LOSSES)
def test_everybody_is_back_before_ready(inhabited, how, lose):
    daemon = inhabited
    returning = [name for name, *_, returns in BOXES if returns]
    # What had been stopped by hand has no addresses to keep.
    lasting = [name for name, _, by_hand, returns in BOXES if returns and not by_hand]
    before = {name: networking(daemon, name) for name in lasting}
    states = {name: daemon.api.inspect(name)["State"] for name, *_ in BOXES}
    predefined = {n["Name"]: (n["Id"], n["Created"]) for n in daemon.api.get("/networks").json}
    keys = {name: daemon.api.inspect(name)["Id"][:12] for name in returning}
    getattr(daemon, how)()
    lose(daemon)
    seen = {}

    def look():
        """At the moment of READY, with the daemon stopped where it is."""
        os.kill(daemon.process.pid, signal.SIGSTOP)
        try:
            for name in returning:
                path = daemon.space.host_path(f"{daemon.exec_root}/netns/{keys[name]}")
                seen[name] = inside(Netns(path, name))
        except AssertionError as error:
            seen["error"] = str(error)
        finally:
            os.kill(daemon.process.pid, signal.SIGCONT)

    daemon.supervisor.messages.clear()
    daemon.supervisor.on_ready = look
    daemon.start()
    daemon.supervisor.heard("READY")
    daemon.supervisor.on_ready = None
    assert "error" not in seen, seen["error"]
    assert sorted(seen) == sorted(returning)
    for name in lasting:
        assert seen[name] == before[name][2], f"{name}: what READY was said over"
        assert networking(daemon, name) == before[name], name
    for name in returning:
        assert {interface for interface in seen[name]} == {"eth0", "eth1"}, f"{name}: {seen[name]}"
        state = daemon.api.inspect(name)["State"]
        assert (state["Status"], state["Running"], state["ExitCode"]) == ("running", True, 0), f"{name}: {state}"
        assert state["StartedAt"] > states[name]["StartedAt"], f"{name} was started anew: {state}"
    for name, _, by_hand, returns in BOXES:
        state = daemon.api.inspect(name)["State"]
        if by_hand and not returns:
            assert state == states[name], f"{name}, as it was"
        elif not returns:
            assert (state["Status"], state["Running"], state["Pid"], state["ExitCode"]) == ("exited", False, 0, 137), state
            assert state["StartedAt"] == states[name]["StartedAt"] < state["FinishedAt"], state
            told = daemon.api.inspect(name)["NetworkSettings"]
            assert told["SandboxKey"] == "" and told["Networks"]["front"]["IPAddress"] == "", told
    assert daemon.api.inspect("sharer")["State"]["Running"]
    whose = {daemon.fairlead("exec", name, "--", "readlink", "/proc/self/ns/net").stdout for name in ("sharer", "always")}
    assert len(whose) == 1, f"the sharer is not in its owner's namespace: {whose}"
    assert {n["Name"]: (n["Id"], n["Created"]) for n in daemon.api.get("/networks").json} == predefined
    assert daemon.plan() == []
    assert daemon.container("always").pings(before["unless"][1]["front"]["IPAddress"])
    assert daemon.container("always").pings("fd00:1::1")
