"""How adopted namespaces end, move and come back, and that none lives on because of us."""

import contextlib
import subprocess
import threading
import time

import pytest
from rig.guests import Named, Reborn, Roamer, changes, contents, holds_nothing, tether
from rig.namespaces import Netns, Space, until
from test_adoption import adopt, refused
from test_events import history


@pytest.fixture
def named(daemon):
    yield from guests_of(daemon)


def guests_of(daemon):
    made = []

    def make(name):
        made.append(Named(daemon.space, name))
        return made[-1]

    yield make
    if daemon.process.poll() is None:
        daemon.api.clear()
    for each in made:
        each.end()


@pytest.fixture
def own(new_daemon):
    """A daemon for one test, which may restart it, and its named guests."""
    daemon = new_daemon().start()
    with contextlib.contextmanager(guests_of)(daemon) as make:
        daemon.named = make
        yield daemon


def state(api, name="guest"):
    return api.inspect(name)["State"]


def ends(daemon, name="guest", seconds=8.0):
    """It is noticed; everything of it is taken away."""
    until(lambda: state(daemon.api, name)["Status"] == "exited", seconds, what="noticing")
    shown = state(daemon.api, name)
    assert (shown["ExitCode"], shown["Pid"], shown["Running"], shown["Error"]) == (137, 0, False, "")
    assert shown["FinishedAt"] >= shown["StartedAt"]
    assert daemon.api.inspect(name)["NetworkSettings"]["SandboxKey"] == ""
    holds_nothing(daemon)


# --- the end is told


@pytest.mark.parametrize("by", ["process", "name"])
def test_the_end_is_told(daemon, api, named, by):
    """Events, exit code, waits, free addresses, no followed connection, nothing planned; and the namespace is gone."""
    network = api.create_network("n", "10.1.0.0/24")
    far = Space("far")
    guest = Space("guest") if by == "process" else named("guest")
    tether(guest, far, "far0")
    before = daemon.traces()
    box = api.run(**adopt(f"pid:{guest.pid}" if by == "process" else guest.inside))
    until(lambda: daemon.space.pings("10.1.0.2"), what="the guest's answer")
    assert "10.1.0.2" in followed(daemon), "there is a connection to forget"
    answers = {}

    def wait(condition):
        answers[condition] = api.post(f"/containers/guest/wait?condition={condition}", timeout=20).json

    waits = [threading.Thread(target=wait, args=(each,)) for each in ("not-running", "next-exit")]
    for each in waits:
        each.start()
    time.sleep(0.1)
    since = f"{time.time():.6f}"
    guest.end()
    ends(daemon)
    for each in waits:
        each.join(10)
    assert answers == {"not-running": {"StatusCode": 137}, "next-exit": {"StatusCode": 137}}
    events = history(api, since)
    assert [(e["Type"], e["Action"]) for e in events] == [("container", "die"), ("network", "disconnect")]
    assert events[0]["Actor"]["ID"] == box and events[0]["Actor"]["Attributes"]["exitCode"] == "137"
    assert events[1]["Actor"]["ID"] == network
    assert api.inspect_network("n")["Containers"] == {}
    until(lambda: "10.1.0.2" not in followed(daemon), 2, what="the end of followed connections")
    assert daemon.plan() == []
    until(lambda: "far0" not in far.links(), 10, what="the end of the namespace")
    far.end()
    api.run("next", "n", NetworkingConfig={"EndpointsConfig": {"n": {"IPAMConfig": {"IPv4Address": "10.1.0.2"}}}})
    api.expect(204, "DELETE", "/containers/next?force=1")
    api.expect(204, "DELETE", "/containers/guest")
    daemon.settles(before)


def followed(daemon) -> str:
    return daemon.space.run("conntrack", "-L", check=False)


def test_those_who_share_it_end_too(daemon, api):
    guest = Space("guest")
    api.run(**adopt(f"pid:{guest.pid}", network="bridge"))
    api.run("sharer", "container:guest")
    api.run(**adopt(f"/proc/{guest.pid}/ns/net", "late", network="container:guest"))
    guest.end()
    for name in ("guest", "sharer", "late"):
        ends(daemon, name)


def test_auto_remove(daemon, api):
    guest = Space("guest")
    api.run(**adopt(f"pid:{guest.pid}", network="bridge", HostConfig={"AutoRemove": True}))
    guest.end()
    until(lambda: api.get("/containers/guest/json").status == 404, what="its removal")


# --- processes


@pytest.mark.parametrize("policy", ["no", "always"])
def test_another_process_gets_the_number(daemon, api, policy):
    """At once, in a namespace of its own: it is not taken for the first one, not even by a restart policy."""
    api.create_network("n", "10.1.0.0/24")
    guest = Space("guest")
    api.run(**adopt(f"pid:{guest.pid}", HostConfig={"RestartPolicy": {"Name": policy}}))
    guest.end()
    other = Reborn(guest.pid, "other")
    try:
        before = contents(other)
        ends(daemon)
        time.sleep(0.3)
        assert state(api)["Status"] == "exited" and state(api)["Restarting"] is False
        assert changes(before, contents(other)) == []
        api.start("guest")
        assert other.addresses("eth0") == ["10.1.0.2/24"], "a user may mean the process that has the number now"
        api.stop("guest")
    finally:
        other.end()


def test_what_no_event_tells(daemon, api, named):
    """Within ten seconds: a process that has moved elsewhere while the namespace lives on, a link that leads elsewhere,
    a mount in somebody else's mount namespace. At once, if the namespace goes, or if something is to be made in it."""
    api.create_network("n", "10.1.0.0/24")
    api.create_network("o", "10.2.0.0/24")
    alone, left, host = Roamer("alone"), Roamer("left"), Space("host")
    first, second = named("first"), named("second")
    keeper = subprocess.Popen(["nsenter", f"--net={left.path}", "sleep", "infinity"])
    try:
        stayed = Netns(f"/proc/{keeper.pid}/ns/net", "stayed")
        until(lambda: stayed.ip("link") and len(stayed.ip("link")) == 1, what="somebody who stays")
        daemon.space.run("ln", "-sfn", first.inside, f"{daemon.folder}/way")
        host.run("sh", "-c", "mount -t tmpfs none /run; ip netns add one; ip netns add two")
        for name, label in (("alone", f"pid:{alone.pid}"), ("left", f"pid:{left.pid}"), ("link", f"{daemon.folder}/way"),
                            ("hidden", f"/proc/{host.pid}/root/run/netns/one")):
            api.run(**adopt(label, name))
        moved = time.monotonic()
        left.move()
        daemon.space.run("ln", "-sfn", second.inside, f"{daemon.folder}/way")
        host.run("sh", "-c", "umount -l /run/netns/one; mount --bind /run/netns/two /run/netns/one")
        reply = api.post("/networks/o/connect", {"Container": "link"})
        # Unless its end was noticed before: then it is written down for a next start.
        assert reply.status == 200 and not api.inspect("link")["State"]["Running"] or (
            reply.status == 500 and "marked for removal" in reply.json["message"]), reply
        ends(daemon, "link", 2)
        alone.move()
        ends(daemon, "alone", 5)
        for name in ("left", "hidden"):
            ends(daemon, name, 12 - (time.monotonic() - moved))
        assert set(alone.links()) == set(left.links()) == set(stayed.links()) == {"lo"}
        assert set(first.links()) == set(second.links()) == {"lo"} and daemon.plan() == []
        assert host.run("ip", "-n", "one", "-br", "link").split()[0] == "lo"
    finally:
        for each in (alone, left, host):
            each.end()
        keeper.kill()
        keeper.wait(10)


# --- paths


@pytest.mark.parametrize("kept", [False, True], ids=["last", "kept"])
def test_a_name_is_deleted(daemon, api, named, kept):
    """`ip netns del`, with and without a process inside."""
    api.create_network("n", "10.1.0.0/24")
    guest = named("guest")
    keeper = guest.keeper() if kept else None
    api.run(**adopt(guest.inside))
    inside = Netns(f"/proc/{keeper.pid}/ns/net", "kept") if kept else None
    guest.end()
    ends(daemon)
    assert daemon.plan() == []
    if kept:
        assert set(inside.links()) == {"lo"}, "what is ours is gone from a namespace that lives on"
        keeper.kill()
        keeper.wait(10)
    api.expect(400, "POST", "/containers/guest/start")


def test_another_behind_the_path(daemon, api, named):
    """While it runs, with requests at that very moment: the other is left alone, and nothing is made in it."""
    api.create_network("n", "10.1.0.0/24")
    api.create_network("o", "10.2.0.0/24")
    for request in ("connect", "disconnect", "stop", "remove", None):
        guest, other = named("guest"), named("other")
        keeper = guest.keeper()
        former = Netns(f"/proc/{keeper.pid}/ns/net", "former")
        other.run("ip", "link", "add", "eth0", "type", "bridge")
        other.run("ip", "link", "set", "lo", "up")
        before = contents(other)
        api.run(**adopt(guest.inside))
        other.move_over(guest)
        if request == "connect":
            api.post("/networks/o/connect", {"Container": "guest"})
        elif request == "disconnect":
            api.post("/networks/n/disconnect", {"Container": "guest"})
        elif request == "stop":
            api.post("/containers/guest/stop")
        elif request == "remove":
            assert api.delete("/containers/guest?force=1").status == 204
        if request != "remove":
            until(lambda: not state(api)["Running"], what="the end")
            assert api.inspect_network("o")["Containers"] == {} == api.inspect_network("n")["Containers"]
        assert changes(before, contents(other)) == [], request
        assert set(former.links()) == {"lo"}, request
        assert daemon.plan() == []
        holds_nothing(daemon)
        if request != "remove":
            # Asked for again, the path means what it leads to now.
            api.start("guest")
            assert set(other.links()) >= {"lo", "eth0"} | (set() if request == "disconnect" else {"eth1"})
            api.expect(204, "DELETE", "/containers/guest?force=1")
            assert changes(before, contents(other)) == [], request
        keeper.kill()
        keeper.wait(10)
        guest.end()
        other.end()


def test_a_restart_policy_follows_the_path(daemon, api, named):
    api.create_network("n", "10.1.0.0/24")
    guest, other = named("guest"), named("other")
    api.run(**adopt(guest.inside, HostConfig={"RestartPolicy": {"Name": "always"}}))
    other.move_over(guest)
    until(lambda: "eth0" in other.links(), what="the restart")
    until(lambda: state(api)["Status"] == "running", what="the restart")
    assert other.addresses("eth0") == ["10.1.0.2/24"]
    other.space.run("umount", "-l", guest.inside)
    until(lambda: state(api)["Status"] == "exited" and state(api)["Error"], what="giving up")
    assert "guest" in state(api)["Error"] and daemon.plan() == []
    until(lambda: set(other.links()) == {"lo"}, what="leaving")


# --- a daemon that was away


def test_a_restart_moves_nothing(own):
    api = own.api
    api.create_network("n", ["10.1.0.0/24", "fd00:1::/64"], EnableIPv6=True)
    space, guest = Space("by-process"), own.named("guest")
    guest.run("ip", "link", "add", "eth0", "type", "bridge")
    guest.run("ip", "link", "set", "lo", "up")
    guest.run("ip", "route", "add", "203.0.113.0/24", "dev", "lo")
    api.run(**adopt(f"pid:{space.pid}", "one"))
    api.run(**adopt(guest.inside, "two", HostConfig={"RestartPolicy": {"Name": "always"}}))
    until(lambda: "tentative" not in guest.run("ip", "-6", "addr") + space.run("ip", "-6", "addr"), what="quiet addresses")
    before, table = [contents(each) for each in (space, guest)], own.table(handles=True)
    indexes = [{name: link["ifindex"] for name, link in each.links().items()} for each in (space, guest)]
    for how in ("stop", "kill"):
        own.restart(how)
        assert own.plan() == []
        holds_nothing(own)
        for was, each in zip(before, (space, guest)):
            assert changes(was, contents(each)) == []
        assert own.table(handles=True) == table
        assert [{name: link["ifindex"] for name, link in each.links().items()} for each in (space, guest)] == indexes
        assert [state(api, name)["Status"] for name in ("one", "two")] == ["running"] * 2
    refused(api, f"/proc/{space.pid}/ns/net", 409, "container one")
    space.end()
    ends(own, "one")
    api.expect(204, "DELETE", "/containers/two?force=1")
    assert set(guest.links()) == {"lo", "eth0"}


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_gone_or_swapped_while_it_was_away(own, how):
    """By process and by name, with and without a policy; one whose number has been given to another; and one whose path
    leads now to what another container has adopted."""
    api = own.api
    api.create_network("n", "10.1.0.0/24")
    far, space, number = Space("far"), Space("died"), Space("number")
    died, swapped, follows, thief = (own.named(name) for name in ("died", "swapped", "follows", "thief"))
    other, another = own.named("other"), own.named("another")
    another.run("ip", "link", "add", "eth0", "type", "bridge")
    keeper = swapped.keeper()
    tether(died, far, "far0")
    always = {"RestartPolicy": {"Name": "always"}}
    try:
        api.run(**adopt(f"pid:{space.pid}", "process", HostConfig=always))
        api.run(**adopt(f"/proc/{number.pid}/ns/net", "number", HostConfig=always))
        api.run(**adopt(died.inside, "died"))
        api.run(**adopt(thief.inside, "thief", HostConfig=always))
        api.run(**adopt(swapped.inside, "swapped"))
        api.run(**adopt(follows.inside, "follows", HostConfig=always))
        address = api.endpoint("follows", "n")["IPAddress"]
        victim = own.named("victim")
        api.run(**adopt(victim.inside, "victim"))
        getattr(own, how)()
        space.end()
        number.end()
        reborn = Reborn(number.pid, "reborn")
        died.end()
        other.move_over(swapped)
        another.move_over(follows)
        victim.move_over(thief)
        until(lambda: "far0" not in far.links(), 10, what="the end of the namespace")
        before = contents(other)
        own.start()
        for name in ("process", "number", "died", "swapped", "thief"):
            ends_at_start(own, name)
        assert set(reborn.links()) == {"lo"} and changes(before, contents(other)) == []
        assert set(Netns(f"/proc/{keeper.pid}/ns/net", "former").links()) == {"lo"}
        assert set(victim.links()) == {"lo", "eth0"} and state(api, "victim")["Running"]
        assert state(api, "follows")["Running"] and set(another.links()) == {"lo", "eth0", "eth1"}
        assert another.addresses("eth1") == [f"{address}/24"], "the same address, beside what is there already"
        assert own.space.pings(address)
        holds_nothing(own)
        api.clear()
        assert set(another.links()) == {"lo", "eth0"} and set(victim.links()) == {"lo"}
        reborn.end()
    finally:
        keeper.kill()
        keeper.wait(10)
        far.end()


def ends_at_start(daemon, name):
    shown = state(daemon.api, name)
    assert (shown["Status"], shown["ExitCode"], shown["Pid"]) == ("exited", 137, 0), f"{name}: {shown}"
    assert daemon.plan() == []


def test_a_cookie_of_another_boot(own):
    """Cookies begin anew with the machine: the same one after a reboot is another namespace."""
    api = own.api
    api.create_network("n", "10.1.0.0/24")
    guest, lasting = own.named("guest"), own.named("lasting")
    api.run(**adopt(guest.inside))
    api.run(**adopt(lasting.inside, "lasting", HostConfig={"RestartPolicy": {"Name": "unless-stopped"}}))
    own.stop()
    own.space.run("sh", "-c", f"echo 00000000-0000-4000-8000-000000000000 > {own.folder}/boot;"
                  f"mount --bind {own.folder}/boot /proc/sys/kernel/random/boot_id")
    own.start()
    ends_at_start(own, "guest")
    assert state(api, "lasting")["Running"] and own.space.pings(api.endpoint("lasting", "n")["IPAddress"])
    assert set(guest.links()) == {"lo"} and len(lasting.links()) == 2
    api.start("guest")
    own.restart("kill")
    assert state(api)["Running"] and own.plan() == []


# --- nothing is kept alive


@pytest.mark.parametrize("request_", ["stop", "remove", "disconnect", "connect", "restart", "start"])
def test_it_goes_in_the_middle_of_a_request(daemon, api, named, request_):
    """At ever later moments: whatever the answer, the namespace ends, and what was on its account is free."""
    api.create_network("n", "10.1.0.0/24")
    api.create_network("o", "10.2.0.0/24")
    far = Space("far")
    before = daemon.traces()
    for number in range(4):
        guest = named(f"guest{number}")
        tether(guest, far, f"far{number}")
        api.create(**adopt(guest.inside))
        if request_ != "start":
            api.start("guest")
        asked = threading.Thread(target={
            "stop": lambda: api.post("/containers/guest/stop"),
            "remove": lambda: api.delete("/containers/guest?force=1"),
            "disconnect": lambda: api.post("/networks/n/disconnect", {"Container": "guest"}),
            "connect": lambda: api.post("/networks/o/connect", {"Container": "guest"}),
            "restart": lambda: api.post("/containers/guest/restart"),
            "start": lambda: api.post("/containers/guest/start"),
        }[request_])
        asked.start()
        time.sleep(number * 0.004)
        guest.end()
        asked.join(30)
        assert not asked.is_alive()
        until(lambda: f"far{number}" not in far.links(), 10, what="the end of the namespace")
        until(lambda: not api.get("/containers/guest/json").json.get("State", {}).get("Running"), what="noticing")
        api.delete("/containers/guest?force=1")
    far.end()
    daemon.settles(before)
    assert daemon.plan() == []
    holds_nothing(daemon)


def test_two_hundred_guests(daemon, api):
    """Come and gone by stop, by removal and by their own end; then the daemon holds what it held before."""
    api.create_network("n", "10.1.0.0/16")

    def guests(number):
        for turn in range(50):
            name = f"guest{number}-{turn}"
            if turn % 5 == 0:
                guest = Space(name)
                api.run(**adopt(f"pid:{guest.pid}", name))
                guest.end()
                until(lambda: not state(api, name)["Running"], what="noticing")
                api.expect(204, "DELETE", f"/containers/{name}")
            else:
                api.run(**adopt(stays[number].path, name))
                if turn % 2:
                    api.stop(name)
                api.expect(204, "DELETE", f"/containers/{name}?force=1")

    stays = [Space(f"stays{number}") for number in range(4)]
    failures = []

    def attempt(number):
        try:
            guests(number)
        except BaseException as error:
            failures.append(error)

    try:
        before = daemon.descriptors()
        threads = [threading.Thread(target=attempt, args=(number,)) for number in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(120)
        assert failures == []
        assert all(set(each.links()) == {"lo"} for each in stays)
        holds_nothing(daemon)
        # Up to eight routing sockets wait for the next user.
        until(lambda: daemon.descriptors() <= before + 8, 10, what=f"{before} descriptors")
    finally:
        for each in stays:
            each.end()
