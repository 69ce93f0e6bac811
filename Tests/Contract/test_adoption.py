"""Adopted namespaces, and `fairlead exec`."""

import pytest
from rig.namespaces import Space, until


def state(api, name):
    return api.inspect(name)["State"]


@pytest.fixture
def guest():
    space = Space("guest")
    yield space
    space.end()


def adopt(label, name="guest", network="n", **fields):
    return dict(name=name, network=network, Labels={"io.fairlead.netns": label}, **fields)


@pytest.mark.parametrize("how", ["pid", "path"])
def test_adoption(daemon, api, guest, how):
    api.create_network("n", "10.1.0.0/24")
    guest.run("ip", "link", "add", "mine", "type", "bridge")
    label = f"pid:{guest.pid}" if how == "pid" else f"/proc/{guest.pid}/ns/net"
    api.run(**adopt(label))
    assert set(guest.links()) == {"lo", "mine", "eth0"} and guest.addresses("eth0") == ["10.1.0.2/24"]
    assert state(api, "guest")["Pid"] == (guest.pid if how == "pid" else 0)
    assert daemon.space.pings("10.1.0.2")
    api.stop("guest")
    assert set(guest.links()) == {"lo", "mine"}, "stop deletes our interface before it answers, and only ours"
    api.start("guest")
    api.expect(204, "DELETE", "/containers/guest?force=1")
    assert set(guest.links()) == {"lo", "mine"}
    assert guest.process.poll() is None


def test_adopting_twice_or_the_host(daemon, api, guest):
    api.create_network("n")
    api.run(**adopt(f"pid:{guest.pid}"))
    for label in (f"/proc/{guest.pid}/ns/net", f"pid:{daemon.process.pid}", "/proc/self/ns/net"):
        replies = [api.post("/containers/create?name=again", {"Image": "scratch", "Labels": {"io.fairlead.netns": label},
                                                              "HostConfig": {"NetworkMode": "n"}})]
        if replies[0].status == 201:
            replies.append(api.post("/containers/again/start"))
            api.delete("/containers/again?force=1")
        assert replies[-1].status == 409, f"{label}: {replies}"


@pytest.mark.parametrize("label", ["pid:x", "pid:0", "pid:99999999", "relative", "", "/does/not/exist", "/etc/hostname"])
def test_adopting_nonsense(daemon, api, label):
    reply = api.post("/containers/create?name=odd", {"Image": "scratch", "Labels": {"io.fairlead.netns": label}})
    if reply.status == 201:
        reply = api.post("/containers/odd/start")
    assert 400 <= reply.status < 500, reply
    api.delete("/containers/odd?force=1")


def test_a_guest_that_goes(daemon, api):
    """The witness dies: exit 137, and everything of the endpoint is cleaned up."""
    api.create_network("n")
    before = daemon.traces()
    guest = Space("short-lived")
    api.run(**adopt(f"pid:{guest.pid}"))
    guest.end()
    until(lambda: state(api, "guest")["Status"] == "exited", 5, what="noticing")
    assert state(api, "guest")["ExitCode"] == 137
    api.expect(204, "DELETE", "/containers/guest")
    daemon.settles(before)


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
