"""The kernel says no: its words reach the client, and nothing is left behind."""

import pytest
from rig.namespaces import Space


def refused(daemon, target, body, *words, status=500):
    before = daemon.traces()
    reply = daemon.api.post(target, body, timeout=60)
    assert reply.status == status, reply
    for word in words:
        assert word.lower() in reply.message.lower(), f"{reply.message!r} does not say {word!r}"
    daemon.settles(before)
    return reply.message


def named(name, **more):
    return {"Name": "n", "Options": {"com.docker.network.bridge.name": name}, **more}


@pytest.mark.parametrize("name, said", [("a" * 16, "numerical result out of range"), ("a/b", "invalid argument"),
                                        ("with blank", "invalid argument"), (".", "invalid argument")])
def test_bad_interface_names(daemon, name, said):
    refused(daemon, "/networks/create", named(name), said)


def test_an_interface_that_is_no_bridge(daemon):
    refused(daemon, "/networks/create", named("out0"), "existing interface out0 is not a bridge")
    assert "192.0.2.1/24" in daemon.space.addresses("out0"), "foreign links are left alone"


def test_an_interface_that_is_no_bridge_and_looks_like_ours(daemon):
    """A foreign link under the name that the bridge would get by itself stays what it is."""
    daemon.space.run("ip", "link", "add", "fl-foreign", "type", "veth", "peer", "name", "fl-foreign1")
    try:
        refused(daemon, "/networks/create", named("fl-foreign"), "existing interface fl-foreign is not a bridge")
        assert "fl-foreign" in daemon.space.links()
    finally:
        daemon.space.run("ip", "link", "del", "fl-foreign")


def test_an_adopted_bridge_is_not_deleted(daemon, api):
    daemon.space.run("ip", "link", "add", "theirs", "type", "bridge")
    daemon.space.run("ip", "addr", "add", "10.70.0.1/24", "dev", "theirs")
    try:
        api.create_network("n", "10.70.0.0/24", Options={"com.docker.network.bridge.name": "theirs"})
        api.run("box", "n")
        assert daemon.space.pings("10.70.0.2")
        api.delete("/containers/box?force=1")
        api.remove_network("n")
        assert daemon.space.addresses("theirs") == ["10.70.0.1/24"]
    finally:
        daemon.space.run("ip", "link", "del", "theirs")


def guest_with(address):
    guest = Space("guest")
    guest.run("ip", "link", "add", "mine", "type", "bridge")
    guest.run("ip", "addr", "add", address, "dev", "mine")
    guest.run("ip", "link", "set", "mine", "up")
    return guest


@pytest.fixture
def adopted(daemon, api):
    made = []

    def adopt(address):
        guest = guest_with(address)
        made.append(guest)
        api.create("guest", "n", Labels={"io.fairlead.netns": f"pid:{guest.pid}"})
        return guest

    yield adopt
    for guest in made:
        api.delete("/containers/guest?force=1")
        guest.end()


def test_a_route_that_is_there_already(daemon, api, adopted):
    """A subnet already routed in the namespace is a conflict (reference 3.8)."""
    api.create_network("n", "10.1.0.0/24")
    guest = adopted("10.1.0.77/24")
    links = guest.links()
    refused(daemon, "/containers/guest/start", None,
            "cannot program address 10.1.0.2/24 in sandbox interface because it conflicts with existing route")
    assert guest.links().keys() == links.keys() and guest.addresses("mine") == ["10.1.0.77/24"]
    assert api.inspect("guest")["State"]["Status"] == "created"


def test_a_default_route_that_is_there_already(daemon, api, adopted):
    """Foreign things inside are left alone: a default route of the guest's own stays."""
    api.create_network("n", "10.1.0.0/24")
    guest = adopted("198.51.100.1/24")
    guest.run("ip", "route", "add", "default", "via", "198.51.100.254")
    reply = api.post("/containers/guest/start")
    assert ("198.51.100.254", "mine") == guest.default_route()
    if reply.status != 204:
        assert reply.status == 500 and "file exists" in reply.message.lower(), reply
        assert set(guest.links()) == {"lo", "mine"}


def test_an_interface_name_that_is_there_already(daemon, api, adopted):
    api.create_network("n", "10.1.0.0/24")
    guest = adopted("198.51.100.1/24")
    api.delete("/containers/guest")
    api.create("guest", "n", Labels={"io.fairlead.netns": f"pid:{guest.pid}"}, NetworkingConfig={"EndpointsConfig": {
        "n": {"DriverOpts": {"com.docker.network.endpoint.ifname": "mine"}}}})
    refused(daemon, "/containers/guest/start", None, "mine", "file exists")
    assert guest.addresses("mine") == ["198.51.100.1/24"]


def test_a_read_only_proc_sys(new_daemon):
    """Sysctls that cannot be written: the kernel's words, and nothing half made."""
    daemon = new_daemon().start()
    daemon.api.create_network("before")
    before = daemon.traces()
    daemon.space.run("mount", "--bind", "/proc/sys", "/proc/sys")
    daemon.space.run("mount", "-o", "remount,ro,bind", "/proc/sys")
    reply = daemon.api.post("/networks/create", {"Name": "n", "EnableIPv6": True})
    assert reply.status == 500 and "read-only file system" in reply.message.lower(), reply
    daemon.settles(before)
    daemon.space.run("umount", "/proc/sys")
    daemon.api.create_network("n", EnableIPv6=True)


def test_a_bridge_with_1023_ports(new_daemon, tmp_path):
    """The 1,024th port is the kernel's refusal; the container stays as it was."""
    daemon = new_daemon().start()
    network = daemon.api.create_network("n", "10.1.0.0/16")
    bridge = f"br-{network[:12]}"
    daemon.api.create("box", "n")
    batch = tmp_path / "ports"
    batch.write_text("".join(f"tuntap add dev t{n} mode tap\n" for n in range(1023))
                     + "".join(f"link set dev t{n} master {bridge}\n" for n in range(1023)))
    daemon.space.run("ip", "-batch", batch, timeout=60)
    message = refused(daemon, "/containers/box/start", None, "exchange full")
    assert message.startswith("failed to set up container networking: ")
    assert daemon.api.inspect("box")["State"]["Status"] == "created"
    daemon.space.run("ip", "link", "del", "dev", "t7")
    daemon.api.start("box")
    daemon.api.clear()
    batch.write_text("".join(f"tuntap del dev t{n} mode tap\n" for n in range(1023) if n != 7))
    daemon.space.run("ip", "-batch", batch, timeout=60)


def test_a_full_disk_for_the_store(new_daemon):
    """A store that cannot be written refuses with its words; what was there stays."""
    daemon = new_daemon()
    daemon.space.run("mkdir", "-p", daemon.data_root)
    daemon.space.run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", daemon.data_root)
    daemon.start()
    daemon.api.create_network("before", "10.1.0.0/24")
    daemon.space.run("sh", "-c", f"cat /dev/zero > {daemon.data_root}/ballast", check=False)
    statuses = set()
    for number in range(40):
        reply = daemon.api.post("/networks/create", {"Name": "n" * 20000 + str(number), "IPAM": {"Config": [
            {"Subnet": f"10.2.{number}.0/24"}]}})
        statuses.add(reply.status)
        if reply.status == 500:
            assert "full" in reply.message.lower(), reply.message[-200:]
            break
    assert 500 in statuses, "the disk is full, and no creation failed"
    assert daemon.api.inspect_network("before")["IPAM"]["Config"][0]["Subnet"] == "10.1.0.0/24"
    daemon.space.run("rm", f"{daemon.data_root}/ballast")
    daemon.api.create_network("after", "10.3.0.0/24")
