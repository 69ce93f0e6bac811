"""Which subnets and addresses are given out, in which order, and when again."""

import ipaddress

import pytest


def subnet(api, name):
    return api.inspect_network(name)["IPAM"]["Config"][0]["Subnet"]


def gateway(api, name):
    return api.inspect_network(name)["IPAM"]["Config"][0]["Gateway"]


def test_pools_in_docker_s_order(new_daemon):
    """15 /16s, then /20s of 192.168, then (DESIGN section 5) /24s of 10.128.0.0/9."""
    api = new_daemon().start().api
    found = []
    for number in range(33):
        api.create_network(f"n{number}")
        found.append(subnet(api, f"n{number}"))
    expected = [f"172.{second}.0.0/16" for second in range(18, 32)]
    expected += [f"192.168.{third}.0/20" for third in range(0, 256, 16)]
    assert found[:30] == expected
    assert all(ipaddress.ip_network(each).subnet_of(ipaddress.ip_network("10.128.0.0/9")) for each in found[30:])
    assert [ipaddress.ip_network(each).prefixlen for each in found[30:]] == [24] * 3
    assert found[30] < found[31] < found[32]


def test_a_freed_subnet_is_given_again(api):
    for name in "abc":
        api.create_network(name)
    freed = subnet(api, "b")
    api.remove_network("b")
    api.create_network("d")
    assert subnet(api, "d") == freed


def test_host_networks_are_avoided(new_daemon):
    """Not over an interface's address, an on-link route or a nameserver (DESIGN section 5)."""
    daemon = new_daemon(outside=True)
    daemon.space.run("ip", "link", "add", "lan", "type", "bridge")
    daemon.space.run("ip", "addr", "add", "172.18.5.1/24", "dev", "lan")
    daemon.space.run("ip", "link", "set", "lan", "up")
    daemon.space.run("ip", "route", "add", "172.19.9.0/24", "dev", "out0", "scope", "link")
    resolv = f"{daemon.folder}/resolv.conf"
    with open(resolv, "w") as file:
        file.write("nameserver 172.20.0.53\n")
    daemon.space.run("mount", "--bind", resolv, "/etc/resolv.conf")
    api = daemon.start().api
    api.create_network("n")
    assert subnet(api, "n") == "172.21.0.0/16"
    api.remove_network("n")


def test_a_given_subnet_is_not_compared_with_the_host(new_daemon):
    daemon = new_daemon(outside=True).start()
    daemon.api.create_network("n", "198.51.100.0/24")
    daemon.space.run("ip", "route", "add", "203.0.113.0/24", "dev", "out0")
    daemon.api.create_network("m", "203.0.113.0/24")
    daemon.api.clear()
    daemon.space.run("ip", "route", "del", "203.0.113.0/24", "dev", "out0")


def test_a_size_can_be_asked_for(api):
    api.create_network("n", "0.0.0.0/24")
    assert subnet(api, "n") == "172.18.0.0/24"
    api.create_network("m", "0.0.0.0/26")
    assert subnet(api, "m") == "172.18.1.0/26"
    api.create_network("zero", "0.0.0.0/0")
    assert subnet(api, "zero") == "172.19.0.0/16", "/0 takes its size from the pool"
    api.create_network("six", ["::/72"], EnableIPv6=True)
    sizes = {each["Subnet"].split("/")[1] for each in api.inspect_network("six")["IPAM"]["Config"]}
    assert "72" in sizes


def test_pools_from_the_command_line(new_daemon):
    """Sorted; an entry inside an earlier, shorter one is dropped; nothing but these is used."""
    pools = [word for base in ("base=10.66.0.0/16,size=24", "base=10.44.0.0/23,size=24", "base=10.66.7.0/24,size=28")
             for word in ("--default-address-pool", base)]
    api = new_daemon(*pools).start().api
    for name in "ab":
        api.create_network(name)
    assert [subnet(api, name) for name in ("bridge", "a", "b")] == ["10.44.0.0/24", "10.44.1.0/24", "10.66.0.0/24"]
    assert api.get("/info").json["DefaultAddressPools"]


def test_a_pool_smaller_than_its_size_is_fatal(new_daemon):
    assert new_daemon("--default-address-pool", "base=10.0.0.0/24,size=16").launch().wait(15) != 0


def test_bip(new_daemon):
    daemon = new_daemon("--bip", "10.55.0.7/24").start()
    assert daemon.api.inspect_network("bridge")["IPAM"]["Config"] == [{"Subnet": "10.55.0.0/24", "Gateway": "10.55.0.7"}]
    assert daemon.space.addresses("fairlead0") == ["10.55.0.7/24"]


def test_the_same_range_twice(api):
    """The same subnet and the same range again: refused by IPAM, not by the bridge driver."""
    api.create_network("n", {"Subnet": "10.1.0.0/16", "IPRange": "10.1.1.0/24"})
    body = {"Name": "m", "IPAM": {"Config": [{"Subnet": "10.1.0.0/16", "IPRange": "10.1.1.0/24"}]}}
    reply = api.post("/networks/create", body)
    assert (reply.status, reply.message) == (403, "invalid pool request: Pool overlaps with other one on this address space")


@pytest.mark.parametrize(
    "config, expected",
    [({"Subnet": "10.1.0.0/24"}, "10.1.0.1"), ({"Subnet": "10.1.0.0/24", "IPRange": "10.1.0.128/25"}, "10.1.0.128"),
     ({"Subnet": "10.1.0.0/24", "Gateway": "10.1.0.77"}, "10.1.0.77"), ({"Subnet": "10.1.0.0/31"}, "10.1.0.0"),
     ({"Subnet": "fd00:1::/64"}, "fd00:1::1"), ({"Subnet": "fd00:1::/127"}, "fd00:1::1")],
    ids=str,
)
def test_gateways(api, config, expected):
    api.create_network("n", [config], EnableIPv6=True)
    shown = {each["Subnet"]: each["Gateway"] for each in api.inspect_network("n")["IPAM"]["Config"]}
    assert shown[config["Subnet"]] == expected


def test_addresses_lowest_first_and_again(api):
    api.create_network("n", {"Subnet": "10.1.0.0/24", "AuxiliaryAddresses": {"a": "10.1.0.3"}})
    found = []
    for name in ("c1", "c2", "c3"):
        api.run(name, "n")
        found.append(api.endpoint(name, "n")["IPAddress"])
    assert found == ["10.1.0.2", "10.1.0.4", "10.1.0.5"]
    api.stop("c2")
    api.run("c4", "n")
    assert api.endpoint("c4", "n")["IPAddress"] == "10.1.0.4"


def test_a_static_address_of_a_stopped_container_is_given_last(api):
    """Docker forgets it; here another gets it only when nothing else is free."""
    api.create_network("n", "10.1.0.0/29")
    static = {"n": {"IPAMConfig": {"IPv4Address": "10.1.0.2"}}}
    api.create("kept", "n", NetworkingConfig={"EndpointsConfig": static})
    found = []
    for name in ("c1", "c2", "c3", "c4", "c5"):
        api.run(name, "n")
        found.append(api.endpoint(name, "n")["IPAddress"])
    assert found == ["10.1.0.3", "10.1.0.4", "10.1.0.5", "10.1.0.6", "10.1.0.2"]
    reply = api.post("/containers/kept/start")
    assert (reply.status, reply.message) == (403, "failed to set up container networking: Address already in use")


def test_a_range_limits_what_is_chosen_not_what_is_asked_for(api):
    api.create_network("n", {"Subnet": "10.1.0.0/24", "IPRange": "10.1.0.64/30", "Gateway": "10.1.0.1"})
    names = ("c1", "c2", "c3", "c4")
    for name in names:
        api.run(name, "n")
    assert [api.endpoint(name, "n")["IPAddress"] for name in names] == [f"10.1.0.{last}" for last in (64, 65, 66, 67)]
    api.create("full", "n")
    assert api.post("/containers/full/start").status == 500
    api.run("asked", "n", NetworkingConfig={"EndpointsConfig": {"n": {"IPAMConfig": {"IPv4Address": "10.1.0.200"}}}})
    assert api.endpoint("asked", "n")["IPAddress"] == "10.1.0.200"


def test_a_slash_31(daemon, api):
    api.create_network("n", "10.1.0.0/31")
    api.run("only", "n")
    assert api.endpoint("only", "n")["IPAddress"] == "10.1.0.1"
    assert daemon.space.pings("10.1.0.1")
    api.create("more", "n")
    assert api.post("/containers/more/start").status == 500


def test_a_slash_31_without_gateway(daemon, api):
    """Internal, with no gateway wanted: both addresses are containers'."""
    api.create_network("n", "10.1.0.0/31", Internal=True, Options={"com.docker.network.bridge.gateway_mode_ipv4": "isolated"})
    for name in ("c1", "c2"):
        api.run(name, "n")
    assert [api.endpoint(name, "n")["IPAddress"] for name in ("c1", "c2")] == ["10.1.0.0", "10.1.0.1"]
    assert daemon.container("c1").pings("10.1.0.1")


def test_macs_are_local_unicast_and_not_derived(daemon, api):
    api.create_network("n")
    seen = set()
    for name in ("c1", "c2", "c3"):
        api.run(name, "n")
        mac = api.endpoint(name, "n")["MacAddress"]
        assert int(mac[:2], 16) & 3 == 2, f"{mac} is not a locally administered unicast address"
        assert daemon.container(name).links()["eth0"]["address"] == mac
        address = ipaddress.ip_address(api.endpoint(name, "n")["IPAddress"])
        assert not mac.replace(":", "").endswith(address.packed.hex())
        seen.add(mac)
    assert len(seen) == 3
