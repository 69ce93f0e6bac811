"""The daemon stops, dies and comes back: nothing moves, and no packet of a flow is lost."""

import re
import signal
import subprocess
import time

import pytest
from rig.looks import seen_by_clients, seen_by_the_kernel
from rig.namespaces import Space, cable, until


def furnish(api):
    api.create_network("front", ["10.1.0.0/24", "fd00:1::/64"], EnableIPv6=True, Labels={"a": "b"})
    api.create_network("back", Internal=True)
    api.create_network("quiet", Options={"com.docker.network.bridge.enable_icc": "false"})
    api.create_network("source", "10.9.0.0/24", ConfigOnly=True)
    api.run("web", "front")
    api.run("app", "front", NetworkingConfig={"EndpointsConfig": {"front": {}, "back": {}, "quiet": {"GwPriority": 5}}})
    api.run("plain")
    api.create("stopped", "front")
    api.run("done", "front")
    api.stop("done")


@pytest.fixture
def lived_in(new_daemon):
    daemon = new_daemon(outside=True).start()
    furnish(daemon.api)
    return daemon


@pytest.mark.parametrize("how", [["stop"], ["kill"], ["stop", "kill", "stop"]], ids=lambda how: "-".join(how))
def test_nothing_moves(lived_in, how):
    daemon = lived_in
    until(lambda: daemon.plan() == [], what="an empty plan")
    # The kernel's own link-local addresses are looked for on the link first (RFC 4862).
    until(lambda: "tentative" not in daemon.container("web").run("ip", "-6", "addr"), what="the end of duplicate detection")
    until(lambda: "tentative" not in daemon.container("app").run("ip", "-6", "addr"), what="the end of duplicate detection")
    clients, kernel = seen_by_clients(daemon.api), seen_by_the_kernel(daemon, ("web", "app", "plain"))
    pinger = subprocess.Popen(
        daemon.container("web").command("ping", "-n", "-q", "-i", "0.01", "-c", "100000", "192.0.2.2"),
        stdout=subprocess.PIPE, text=True)
    time.sleep(0.3)
    try:
        for step in how:
            daemon.restart(step)
            assert daemon.plan() == []
            assert "nothing" in daemon.fairlead("plan").stdout.lower()
    finally:
        pinger.send_signal(signal.SIGINT)
        said, _ = pinger.communicate(timeout=20)
    sent, received = map(int, re.search(r"(\d+) packets transmitted, (\d+) received", said).groups())
    assert sent > 20 and sent - received <= 1, f"lost {sent - received} of {sent}"
    assert seen_by_clients(daemon.api) == clients
    now = seen_by_the_kernel(daemon, ("web", "app", "plain"))
    for part, was in kernel.items():
        assert now[part] == was, part


def test_counters_go_on(lived_in):
    """Elements and rules are adopted, not made again: their counters are not reset."""
    daemon = lived_in
    assert not daemon.outside.pings("10.1.0.2", 0.7)

    def packets():
        text = daemon.space.run("nft", "list", "table", "inet", "fairlead")
        return sum(map(int, re.findall(r"packets (\d+)", text)))

    before = packets()
    assert before > 0, "drops are counted"
    daemon.restart("kill")
    assert packets() >= before


def test_while_it_is_down_nothing_opens(lived_in):
    """The rules stay when the daemon goes: isolation holds without it."""
    daemon = lived_in
    daemon.api.create_network("other", "10.2.0.0/24")
    daemon.api.run("there", "other")
    web = daemon.container("web")
    daemon.kill()
    assert web.pings("192.0.2.2")
    assert not web.pings("10.2.0.2", 0.7)
    assert not daemon.outside.pings("10.1.0.2", 0.7)
    daemon.start()
    assert not web.pings("10.2.0.2", 0.7)


def test_what_was_lost_while_down_comes_back(lived_in):
    """A veth, an address, the table and a bridge are gone; the next start mends all of it."""
    daemon = lived_in
    front = daemon.api.inspect_network("front")
    kernel = daemon.traces()
    daemon.stop()
    daemon.space.run("nft", "delete", "table", "inet", "fairlead")
    daemon.space.run("ip", "link", "del", f"br-{front['Id'][:12]}")
    daemon.space.run("ip", "addr", "flush", "dev", "fairlead0")
    daemon.start()
    daemon.settles(kernel)
    assert daemon.plan() == []
    assert daemon.container("web").pings("192.0.2.2") and daemon.container("web").pings("fd00:1::1")
    assert daemon.container("plain").pings("172.17.0.1")


def test_ids_of_the_predefined_never_change(new_daemon):
    daemon = new_daemon().start()

    def predefined():
        return {n["Name"]: (n["Id"], n["Created"]) for n in daemon.api.get("/networks").json}

    before = predefined()
    daemon.restart("kill")
    assert predefined() == before


def test_stopped_containers_and_failures_are_kept(new_daemon):
    daemon = new_daemon().start()
    daemon.api.create("orphan", "nope")
    daemon.api.post("/containers/orphan/start")
    daemon.api.run("killed")
    daemon.api.expect(204, "POST", "/containers/killed/kill")
    before = [daemon.api.inspect(name)["State"] for name in ("orphan", "killed")]
    daemon.restart("kill")
    assert [daemon.api.inspect(name)["State"] for name in ("orphan", "killed")] == before
    assert before[1]["ExitCode"] == 137


@pytest.mark.parametrize("policy, lives", [("no", False), ("always", True), ("unless-stopped", True), ("on-failure", True)])
def test_a_namespace_that_vanished_while_down(new_daemon, policy, lives):
    """As after a reboot: exit 137, and then the restart policy applies."""
    daemon = new_daemon().start()
    daemon.api.create_network("n", "10.1.0.0/24")
    daemon.api.run("box", "n", HostConfig={"RestartPolicy": {"Name": policy}})
    key = daemon.api.inspect("box")["NetworkSettings"]["SandboxKey"]
    daemon.stop()
    daemon.space.run("umount", key)
    daemon.start()
    if lives:
        until(lambda: daemon.api.inspect("box")["State"]["Running"], 10, what="the restart")
        assert daemon.space.pings("10.1.0.2")
    else:
        state = daemon.api.inspect("box")["State"]
        assert (state["Status"], state["ExitCode"]) == ("exited", 137)


def test_two_daemons_do_not_share_a_data_root(new_daemon):
    first = new_daemon().start()
    second = new_daemon()
    second.data_root = first.data_root
    assert second.launch().wait(15) != 0
    assert first.api.get("/_ping").status == 200


def test_two_daemons_do_not_share_an_exec_root(new_daemon):
    """Else the first one's namespaces would be leftovers to the second."""
    first = new_daemon().start()
    first.api.run("box")
    second = new_daemon("--pidfile", f"{first.folder}/second.pid")
    second.exec_root = first.exec_root
    assert second.launch().wait(15) != 0
    assert "another daemon" in second.log_text(), second.log_tail()
    assert first.api.inspect("box")["State"]["Running"] and first.container("box").links()


def test_a_zombie_is_no_daemon(new_daemon):
    """A killed daemon whose parent has not asked for its status yet doesn't keep the next from starting."""
    daemon = new_daemon().start()
    killed = daemon.process
    killed.kill()
    with open(f"/proc/{killed.pid}/stat") as status:
        until(lambda: (status.seek(0), status.read().rsplit(")", 1)[1].split()[0])[1] == "Z", what="the zombie")
    daemon.start()
    killed.wait(10)


def test_forwarding_is_turned_on_and_can_be_left_alone(new_daemon):
    daemon = new_daemon()
    daemon.space.set_sysctl("net/ipv4/ip_forward", 0)
    daemon.start()
    assert daemon.space.sysctl("net/ipv4/ip_forward") == "1"
    other = new_daemon("--ip-forward=false")
    other.space.set_sysctl("net/ipv4/ip_forward", 0)
    other.start()
    other.api.create_network("n")
    assert other.space.sysctl("net/ipv4/ip_forward") == "0"


def test_the_host_does_not_become_a_router(new_daemon):
    """Having turned forwarding on, it drops what has nothing to do with its own interfaces."""
    daemon = new_daemon(outside=True)
    third = Space("third")
    try:
        cable(daemon.space, third, "lan0", {"left": ["198.51.100.1/24"], "right": ["198.51.100.2/24"]})
        third.run("ip", "route", "add", "default", "via", "198.51.100.1")
        daemon.outside.run("ip", "route", "add", "198.51.100.0/24", "via", "192.0.2.1")
        daemon.space.set_sysctl("net/ipv4/ip_forward", 0)
        daemon.start()
        assert not third.pings("192.0.2.2", 0.7)
    finally:
        third.end()
    until(lambda: "lan0" not in daemon.space.links(), what="the cable going with the third machine")
    daemon.baseline = daemon.traces()

