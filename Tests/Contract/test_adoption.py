"""Adopted namespaces: which may be, by what they are known, and what else is in them. `fairlead exec`."""

import os
import socket
import threading

import pytest
from rig.guests import Named, changes, contents, holds_nothing
from rig.namespaces import Space, until


@pytest.fixture
def guest():
    space = Space("guest")
    yield space
    space.end()


@pytest.fixture
def named(daemon):
    guests = []

    def make(name):
        guests.append(Named(daemon.space, name))
        return guests[-1]

    yield make
    daemon.api.clear()
    for each in guests:
        each.end()


def adopt(label, name="guest", network="n", **fields):
    return dict(name=name, network=network, Labels={"io.fairlead.netns": label}, **fields)


def refused(api, label, status, *words, name="odd"):
    """Without a network, so that nothing would happen in a namespace that is let in by mistake."""
    reply = api.post(f"/containers/create?name={name}", {
        "Image": "scratch", "Labels": {"io.fairlead.netns": label}, "HostConfig": {"NetworkMode": "none"}})
    if reply.status == 201:
        reply = api.post(f"/containers/{name}/start")
        assert not api.inspect(name)["State"]["Running"]
        api.delete(f"/containers/{name}?force=1")
    assert reply.status == status and all(word in reply.json["message"] for word in words), f"{label}: {reply}"


# --- what leads to one


def test_adoption(daemon, api, guest, named):
    """By whatever path, a namespace is the same to us; stop and remove take our interface away before they answer."""
    api.create_network("n", "10.1.0.0/24")
    guest.run("ip", "link", "add", "mine", "type", "bridge")
    name = named("by-name")
    daemon.space.run("ln", "-s", name.inside, f"{daemon.folder}/link")
    guest.run("sh", "-c", "mount -t tmpfs none /run && ip netns add elsewhere")
    hidden = f"/proc/{guest.pid}/root/run/netns/elsewhere"
    ways = [
        (f"pid:{guest.pid}", guest, guest.pid), (f"/proc/{guest.pid}/ns/net", guest, 0),
        (f"/proc/{guest.pid}/task/{guest.pid}/ns/net", guest, 0), (name.inside, name, 0),
        (f"{daemon.folder}/link", name, 0), (hidden, None, 0),
    ]
    for label, space, pid in ways:
        api.run(**adopt(label))
        shown = api.inspect("guest")
        assert shown["State"]["Pid"] == pid and shown["NetworkSettings"]["SandboxKey"] == label.replace("pid:", "/proc/") + "/ns/net" * bool(pid)
        assert daemon.space.pings("10.1.0.2"), label
        if space:
            theirs = {"lo", "mine"} & set(space.links())
            assert set(space.links()) == theirs | {"eth0"} and space.addresses("eth0") == ["10.1.0.2/24"], label
            api.stop("guest")
            assert set(space.links()) == theirs, "stop deletes our interface before it answers, and only ours"
            api.start("guest")
            api.expect(204, "POST", "/containers/guest/restart")
            assert set(space.links()) == theirs | {"eth0"}
        assert daemon.plan() == []
        holds_nothing(daemon)
        api.expect(204, "DELETE", "/containers/guest?force=1")
        if space:
            assert set(space.links()) == theirs
    assert guest.process.poll() is None
    until(lambda: set(daemon.links()) <= {"fairlead0", *[n for n in daemon.links() if n.startswith("br-")]}, what="veths going")


@pytest.mark.parametrize("label", ["pid:x", "pid:0", "pid:-1", "pid:99999999", "pid:99999999999999999999", "relative", "run/netns/x", "", "pid:"])
def test_no_way_to_one(api, label):
    refused(api, label, 400)


def test_what_is_no_network_namespace(daemon, api):
    """Each refused at once, with the reason; nothing is opened that could keep us waiting, or notices that."""
    folder = f"{daemon.folder}/odd"
    os.mkdir(folder)
    os.mkfifo(f"{folder}/fifo")
    for name in ("file", "folder/"):
        daemon.space.run("mkdir" if name.endswith("/") else "touch", f"{folder}/{name}")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/socket")
        process = daemon.process.pid
        for path in [f"{folder}/{name}" for name in ("fifo", "file", "folder", "socket")] + [
                "/dev/null", "/dev/tty", f"/proc/{process}/ns/mnt", f"/proc/{process}/ns/uts", "/proc/self/ns/pid"]:
            refused(api, path, 400, path, "not a network namespace")
    refused(api, f"{folder}/missing", 400, "missing", "no such file")
    refused(api, f"{folder}/file/below", 400, "not a directory")
    os.symlink(f"{folder}/loop", f"{folder}/loop")
    refused(api, f"{folder}/loop", 400, "symbolic links")
    dead = Space("zombie")
    dead.process.kill()
    until(lambda: open(f"/proc/{dead.pid}/stat").read().split()[2] == "Z", what="a zombie")
    refused(api, f"pid:{dead.pid}", 400, "no such process")
    dead.process.wait(10)
    refused(api, f"pid:{dead.pid}", 400, "no such process")


def test_ours_and_the_machines(daemon, api):
    """The daemon's own, the machine's, and those of containers."""
    api.run("box", "none")
    pin = api.inspect("box")["NetworkSettings"]["SandboxKey"]
    process = daemon.process.pid
    for label in (f"pid:{process}", f"/proc/{process}/ns/net", "/proc/self/ns/net", "/proc/thread-self/ns/net"):
        refused(api, label, 409, "the daemon's own")
    for label in (pin, daemon.space.host_path(pin)):
        refused(api, label, 409, "container box")
    try:
        os.stat("/proc/1/ns/net")
    except PermissionError:
        refused(api, "pid:1", 400, "pid:1")  # It may be closed to root, too.
    else:
        refused(api, "pid:1", 409, "machine")


def test_one_that_comes_later(daemon, api, named):
    api.create_network("n", "10.1.0.0/24")
    api.create(**adopt("/run/netns/later"))
    api.expect(400, "POST", "/containers/guest/start")
    shown = api.inspect("guest")["State"]
    assert not shown["Running"] and "later" in shown["Error"]
    guest = named("later")
    api.start("guest")
    assert guest.addresses("eth0") == ["10.1.0.2/24"], "the address of the failed start is free again"


def test_adopting_twice(daemon, api, guest, named):
    """One container to a namespace, by whatever ways it is found; when the first has stopped, the next may."""
    api.create_network("n", "10.1.0.0/24")
    twice = named("twice")
    daemon.space.run("sh", "-c", f"touch {daemon.folder}/again; mount --bind {twice.inside} {daemon.folder}/again")
    keeper = twice.keeper()
    try:
        api.run(**adopt(twice.inside))
        api.expect(304, "POST", "/containers/guest/start")
        ways = [f"pid:{keeper.pid}", f"/proc/{keeper.pid}/ns/net", f"{daemon.folder}/again", twice.inside]
        for label in ways:
            refused(api, label, 409, "container guest")
        api.stop("guest")
        for label in ways:
            api.run(**adopt(label, "next"))
            api.expect(409, "POST", "/containers/guest/start")
            api.expect(204, "DELETE", "/containers/next?force=1")
        api.start("guest")
    finally:
        keeper.kill()
        keeper.wait(10)
        api.clear()
        daemon.space.run("umount", f"{daemon.folder}/again")


def test_two_at_once(daemon, api, guest):
    """Of starts at the same moment one wins, each time; and of one container's, one is told that it runs."""
    api.create_network("n")
    for name in "abcd":
        api.create(**adopt(f"pid:{guest.pid}" if name < "c" else guest.path, name * 2))
    for _ in range(5):
        assert at_once(api, ["aa", "bb", "cc", "dd"]) == [204, 409, 409, 409]
        assert len([name for name in guest.links() if name != "lo"]) == 1
        running = [each for each in api.get("/containers/json").json]
        assert len(running) == 1
        api.stop(running[0]["Id"])
    assert at_once(api, ["aa"] * 4) == [204, 304, 304, 304]


def at_once(api, names) -> list:
    answers, barrier = [], threading.Barrier(len(names))

    def start(name):
        barrier.wait(10)
        answers.append(api.post(f"/containers/{name}/start").status)

    threads = [threading.Thread(target=start, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(answers)


# --- what else is in it


def furnish(space):
    """A namespace with a life of its own: the names, routes and rules that ours would want, too."""
    space.run("sh", "-c", """set -e
        echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad
        ip link set lo up
        ip link add eth0 type veth peer name veth1; ip link set veth1 up; ip link set eth0 up; ip addr add 198.51.100.5/24 dev eth0
        ip link add veth0 type veth peer name eth2; ip addr add 203.0.113.1/24 dev eth2; ip link set veth0 up; ip link set eth2 up
        ip -6 addr add 2001:db8:5::5/64 dev eth0 nodad
        ip route add default via 198.51.100.1; ip -6 route add default via 2001:db8:5::1
        ip route add 192.0.2.0/24 via 198.51.100.9 metric 7; ip rule add pref 50 from 203.0.113.9 table 77
        ip route add default via 198.51.100.1 table 77
        nft add table inet fairlead '{ chain output { type filter hook output priority 0; counter accept; } ; set guarded4 { type ipv4_addr; elements = { 1.2.3.4 }; } ; }'
        nft add table ip filter
        echo 1 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv6/conf/default/accept_ra
        echo 1 > /proc/sys/net/ipv6/conf/eth2/disable_ipv6; echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore""")
    return space


@pytest.mark.parametrize("end", ["stop", "remove", "kill", "restart", "disconnect", "reconnect"])
def test_foreign_things_stay(daemon, api, named, end):
    """Interfaces, addresses, routes (a default route of its own), rules, tables and sysctls: all as before, afterwards,
    and while it is ours nothing of theirs has changed."""
    api.create_network("n", ["10.1.0.0/24", "fd00:1::/64"], EnableIPv6=True)
    api.create_network("o", "10.2.0.0/24")
    guest = furnish(named("furnished"))
    until(lambda: "tentative" not in guest.run("ip", "-6", "addr"), what="the end of duplicate detection")
    before = contents(guest)
    api.run(**adopt(guest.inside))
    api.connect_network("o", "guest")
    links = guest.links()
    assert set(links) == {"lo", "eth0", "veth1", "veth0", "eth2", "eth1", "eth3"}, "the next free names"
    assert guest.addresses("eth1") == ["10.1.0.2/24", "fd00:1::2/64"] and guest.addresses("eth3") == ["10.2.0.2/24"]
    assert daemon.space.pings("10.1.0.2") and daemon.space.pings("fd00:1::2") and daemon.space.pings("10.2.0.2")
    assert "198.51.100.1" in guest.run("ip", "route", "get", "9.9.9.9"), "its own default route comes first"
    assert "2001:db8:5::1" in guest.run("ip", "-6", "route", "get", "2001:db8:9::9")
    now = contents(guest)
    for part in ("links", "addresses", "routes", "routes6", "rules"):
        assert [item for item in before[part] if item not in now[part]] == [], part
    assert now["nft"] == before["nft"]
    assert sorted(set(before["sysctls"]) - set(now["sysctls"])) == []
    assert daemon.plan() == []
    if end == "stop":
        api.stop("guest")
    elif end == "remove":
        api.expect(204, "DELETE", "/containers/guest?force=1")
    elif end == "kill":
        api.expect(204, "POST", "/containers/guest/kill")
    elif end == "restart":
        api.expect(204, "POST", "/containers/guest/restart")
        assert set(guest.links()) == set(links)
        api.stop("guest")
    elif end == "disconnect":
        api.disconnect_network("n", "guest")
        api.disconnect_network("o", "guest")
    else:
        api.disconnect_network("n", "guest")
        api.connect_network("n", "guest")
        assert "eth1" in guest.links()
        api.stop("guest")
    assert changes(before, contents(guest)) == []


def test_a_default_route_for_one_that_has_none(daemon, api, named):
    """And `lo`, which a container has up, is brought up; it stays so, for whoever has come to rely on it."""
    api.create_network("n", ["10.1.0.0/24", "fd00:1::/64"], EnableIPv6=True)
    guest = named("bare")
    assert "UP" not in guest.links()["lo"]["flags"]
    api.run(**adopt(guest.inside))
    assert guest.default_route() == ("10.1.0.1", "eth0") and guest.default_route(6) == ("fd00:1::1", "eth0")
    assert guest.pings("192.0.2.2") and guest.pings("127.0.0.1")
    # Its owner brings a route of his own later: it goes first, and is left.
    guest.run("ip", "link", "add", "own", "type", "bridge")
    guest.run("ip", "link", "set", "own", "up")
    guest.run("ip", "route", "add", "default", "dev", "own", "metric", "20")
    assert "dev own" in guest.run("ip", "route", "get", "9.9.9.9") and daemon.plan() == []
    api.stop("guest")
    assert guest.run("ip", "route", "get", "9.9.9.9", check=False).find("dev own") >= 0
    assert guest.default_route(6) is None and "UP" in guest.links()["lo"]["flags"]


# --- exec


def test_exec(daemon, api):
    api.create_network("n", "10.1.0.0/24")
    api.run("box", "n")
    assert "10.1.0.2/24" in daemon.fairlead("exec", "box", "--", "ip", "-br", "addr", "show", "eth0").stdout
    assert daemon.fairlead("exec", "box", "--", "sh", "-c", "exit 7", check=False).returncode == 7
    for name, words in (("nope", ["No such container: nope"]), ("stopped", ["not running"])):
        api.create("stopped") if name == "stopped" else None
        done = daemon.fairlead("exec", name, "--", "true", check=False)
        assert done.returncode != 0 and all(word in done.stderr for word in words), done


def test_exec_refuses_tcp(daemon, api):
    api.run("box")
    done = daemon.fairlead("exec", "--host", f"tcp://127.0.0.1:{daemon.ports[0]}", "box", "--", "true", check=False)
    assert done.returncode != 0 and "unix" in done.stderr.lower(), done
