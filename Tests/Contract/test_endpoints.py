"""Endpoints: settings in and out, live changes, several networks, interfaces, network modes."""

import os
import re

import pytest

ENDPOINT = {
    "IPAMConfig", "Links", "Aliases", "DriverOpts", "GwPriority", "NetworkID", "EndpointID", "Gateway", "IPAddress",
    "MacAddress", "IPPrefixLen", "IPv6Gateway", "GlobalIPv6Address", "GlobalIPv6PrefixLen", "DNSNames",
}
EMPTY = {"EndpointID": "", "Gateway": "", "IPAddress": "", "MacAddress": "", "IPPrefixLen": 0, "IPv6Gateway": "",
         "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0}


def on(**networks):
    return {"EndpointsConfig": networks}


# --- endpoint settings


def test_endpoint_settings_while_running_and_after(daemon, api):
    network = api.create_network("n", ["10.1.0.0/24", "fd00:1::/64"], EnableIPv6=True)
    box = api.create("box", "n", Hostname="host-of-box", NetworkingConfig=on(n={
        "IPAMConfig": {"IPv4Address": "10.1.0.9", "IPv6Address": "fd00:1::9"}, "Aliases": ["www", "box"],
        "DriverOpts": {"odd": "option"}, "Links": ["other:alias"], "GwPriority": 7, "MacAddress": "02:00:00:00:00:99"}))
    api.start("box")
    endpoint = api.endpoint("box", "n")
    assert set(endpoint) == ENDPOINT
    identifier = endpoint.pop("EndpointID")
    assert re.fullmatch("[0-9a-f]{64}", identifier)
    kept = {
        "IPAMConfig": {"IPv4Address": "10.1.0.9", "IPv6Address": "fd00:1::9"}, "Links": ["other:alias"],
        "Aliases": ["www", "box"], "DriverOpts": {"odd": "option"}, "GwPriority": 7, "NetworkID": network,
        "DNSNames": ["box", "www", box[:12], "host-of-box"],
    }
    assert endpoint == {
        **kept, "Gateway": "10.1.0.1", "IPAddress": "10.1.0.9", "MacAddress": "02:00:00:00:00:99", "IPPrefixLen": 24,
        "IPv6Gateway": "fd00:1::1", "GlobalIPv6Address": "fd00:1::9", "GlobalIPv6PrefixLen": 64,
    }
    inside = daemon.container("box")
    assert inside.links()["eth0"]["address"] == "02:00:00:00:00:99"
    assert inside.addresses("eth0") == ["10.1.0.9/24", "fd00:1::9/64"]
    assert inside.default_route(6) == ("fd00:1::1", "eth0")
    api.stop("box")
    assert api.endpoint("box", "n") == {**kept, **EMPTY}
    api.start("box")
    assert api.endpoint("box", "n")["MacAddress"] == "02:00:00:00:00:99", "a MAC that was asked for is kept"


def test_nothing_asked_for(api):
    api.create_network("n")
    api.run("box", "n")
    endpoint = api.endpoint("box", "n")
    assert [endpoint[key] for key in ("Links", "Aliases", "DriverOpts", "GwPriority")] == [None, None, None, 0]
    assert (endpoint["IPv6Gateway"], endpoint["GlobalIPv6Address"], endpoint["GlobalIPv6PrefixLen"]) == ("", "", 0)
    api.run("plain", "bridge")
    assert api.endpoint("plain", "bridge")["DNSNames"] is None


def test_aliases_before_1_45(api):
    api.create_network("n")
    box = api.create("box", "n", NetworkingConfig=on(n={"Aliases": ["www"]}))
    hostname = api.inspect("box")["Config"]["Hostname"]
    shown = api.inspect("box", "/v1.44")["NetworkSettings"]["Networks"]["n"]["Aliases"]
    assert shown[:2] == ["www", box[:12]] and set(shown) == {"www", box[:12], hostname}
    assert api.inspect("box", "/v1.45")["NetworkSettings"]["Networks"]["n"]["Aliases"] == ["www"]


def test_network_settings_before_and_since_1_52(api):
    api.run("box")
    assert set(api.inspect("box")["NetworkSettings"]) == {"SandboxID", "SandboxKey", "Ports", "Networks"}
    old = api.inspect("box", "/v1.51")["NetworkSettings"]
    endpoint = old["Networks"]["bridge"]
    for key in ("EndpointID", "Gateway", "GlobalIPv6Address", "GlobalIPv6PrefixLen", "IPAddress", "IPPrefixLen",
                "IPv6Gateway", "MacAddress"):
        assert old[key] == endpoint[key]


# --- connecting


def test_connect_and_disconnect_live(daemon, api):
    api.create_network("a", "10.1.0.0/24")
    api.create_network("b", ["10.2.0.0/24", "fd00:2::/64"], EnableIPv6=True)
    api.run("box", "a")
    inside = daemon.container("box")
    api.connect_network("b", "box", IPAMConfig={"IPv4Address": "10.2.0.7"}, MacAddress="02:00:00:00:00:07")
    assert set(inside.links()) == {"lo", "eth0", "eth1"}
    assert inside.addresses("eth1") == ["10.2.0.7/24", "fd00:2::2/64"]
    assert inside.links()["eth1"]["address"] == "02:00:00:00:00:07"
    assert inside.default_route() == ("10.2.0.1", "eth1"), "of two equals, the one with gateways of both families"
    assert inside.default_route(6) == ("fd00:2::1", "eth1")
    api.disconnect_network("a", "box")
    assert set(inside.links()) == {"lo", "eth1"} and inside.default_route() == ("10.2.0.1", "eth1")
    api.connect_network("a", "box")
    assert set(inside.links()) == {"lo", "eth0", "eth1"}, "the lowest free number"
    api.disconnect_network("a", "box")
    api.disconnect_network("b", "box")
    assert api.inspect("box")["NetworkSettings"]["Networks"] == {} and api.inspect("box")["State"]["Running"]
    assert set(inside.links()) == {"lo"} and inside.default_route() is None
    api.connect_network("b", "box")


def test_mac_on_connect_came_with_1_54(api):
    api.create_network("n")
    api.run("box")
    body = {"Container": "box", "EndpointConfig": {"MacAddress": "02:00:00:00:00:07"}}
    api.expect(200, "POST", "/v1.53/networks/n/connect", body)
    assert api.endpoint("box", "n")["MacAddress"] != "02:00:00:00:00:07"
    api.disconnect_network("n", "box")
    api.expect(200, "POST", "/v1.54/networks/n/connect", body)
    assert api.endpoint("box", "n")["MacAddress"] == "02:00:00:00:00:07"


def test_a_stopped_container_only_takes_note(daemon, api):
    api.create_network("n", "10.1.0.0/24")
    api.create("box")
    before = daemon.traces()["links"], daemon.table()
    for config in ({"Aliases": ["first"]}, {"Aliases": ["second"]}):
        api.connect_network("n", "box", **config)
    assert api.endpoint("box", "n")["Aliases"] == ["first"], "the second time is a no-op"
    assert (daemon.traces()["links"], daemon.table()) == before and api.inspect_network("n")["Containers"] == {}
    api.connect_network("does-not-exist", "box")
    assert "does-not-exist" in api.inspect("box")["NetworkSettings"]["Networks"]
    api.disconnect_network("does-not-exist", "box")
    api.start("box")
    assert set(daemon.container("box").links()) == {"lo", "eth0", "eth1"}


def test_force_disconnect_by_name(api):
    """Compose always forces; a container that is gone may still be named."""
    api.create_network("n")
    api.run("box", "n")
    api.disconnect_network("n", "box", force=True)
    assert api.inspect("box")["NetworkSettings"]["Networks"] == {}


# --- several networks


def test_interfaces_in_the_order_given(daemon, api):
    for name in "zam":
        api.create_network(name)
    for number in range(3):
        api.run(f"box{number}", "z", NetworkingConfig=on(z={}, a={}, m={}))
        inside = daemon.container(f"box{number}")
        for index, name in enumerate("zam"):
            address = api.endpoint(f"box{number}", name)["IPAddress"] + "/16"
            assert inside.addresses(f"eth{index}") == [address], f"{name} is eth{index}"


ELECTIONS = [
    ({"a": {}, "b": {}}, {}, "a", "name"),
    ({"a": {}, "b": {"GwPriority": 1}}, {}, "b", "priority"),
    ({"a": {"GwPriority": -1}, "b": {}}, {}, "b", "negative priority"),
    ({"a": {}, "b": {}}, {"a": {"Internal": True}}, "b", "internal last"),
    ({"a": {}, "b": {}}, {"b": {"EnableIPv6": True}}, "b", "both families first"),
]


@pytest.mark.parametrize("attached, fields, expected, why", ELECTIONS, ids=[case[3] for case in ELECTIONS])
def test_gateway_election(daemon, api, attached, fields, expected, why):
    for name in attached:
        api.create_network(name, **fields.get(name, {}))
    api.run("box", next(iter(attached)), NetworkingConfig=on(**attached))
    gateway = api.endpoint("box", expected)["Gateway"]
    assert gateway and daemon.container("box").default_route()[0] == gateway, f"elected by {why}"


def test_gateway_families_may_differ(daemon, api):
    api.create_network("four", "10.1.0.0/24")
    api.create_network("six", ["fd00:1::/64"], EnableIPv4=False, EnableIPv6=True)
    api.run("box", "four", NetworkingConfig=on(four={}, six={}))
    inside = daemon.container("box")
    assert inside.default_route() == ("10.1.0.1", "eth0") and inside.default_route(6) == ("fd00:1::1", "eth1")
    assert api.endpoint("box", "six")["IPAddress"] == ""


# --- interfaces


def test_interface_names_and_sysctls(daemon, api):
    api.create_network("n", Options={"com.docker.network.container_iface_prefix": "net"})
    api.run("prefixed", "n")
    assert "net0" in daemon.container("prefixed").links()
    api.run("named", "n", NetworkingConfig=on(n={"DriverOpts": {
        "com.docker.network.endpoint.ifname": "uplink",
        "com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.conf.IFNAME.forwarding=1"}}))
    inside = daemon.container("named")
    assert "uplink" in inside.links()
    assert inside.sysctl("net/ipv4/conf/uplink/log_martians") == inside.sysctl("net/ipv4/conf/uplink/forwarding") == "1"


def test_ipv4_only_means_no_link_local(daemon, api):
    api.run("box")
    inside = daemon.container("box")
    assert inside.sysctl("net/ipv6/conf/eth0/disable_ipv6") == "1"
    assert inside.addresses("eth0", scope="link") == []


def test_ipv6_disabled_by_sysctl(daemon, api):
    api.create_network("n", EnableIPv6=True)
    api.run("box", "n", NetworkingConfig=on(n={"DriverOpts": {
        "com.docker.network.endpoint.sysctls": "net.ipv6.conf.IFNAME.disable_ipv6=1"}}))
    endpoint = api.endpoint("box", "n")
    assert (endpoint["GlobalIPv6Address"], endpoint["IPv6Gateway"]) == ("", "") and endpoint["IPAddress"]


def test_mtu(daemon, api):
    network = api.create_network("n", Options={"com.docker.network.driver.mtu": "1400"})
    api.run("box", "n")
    assert daemon.container("box").links()["eth0"]["mtu"] == 1400
    links = daemon.links()
    assert [link["mtu"] for link in links.values() if link.get("master") == f"br-{network[:12]}"] == [1400]
    assert links[f"br-{network[:12]}"]["mtu"] == 1400


def test_link_local_addresses(daemon, api):
    api.create_network("n")
    api.run("box", "n", NetworkingConfig=on(n={"IPAMConfig": {"LinkLocalIPs": ["169.254.8.8"]}}))
    assert "169.254.8.8" in [each.split("/")[0] for each in daemon.container("box").addresses("eth0", scope=None)]
    assert api.endpoint("box", "n")["IPAMConfig"] == {"LinkLocalIPs": ["169.254.8.8"]}


# --- network modes


def test_mode_none(daemon, api):
    api.run("box", "none")
    assert set(daemon.container("box").links()) == {"lo"}
    assert set(api.inspect("box")["NetworkSettings"]["Networks"]) == {"none"}


def test_mode_host(daemon, api):
    api.run("box", "host")
    endpoint = api.endpoint("box", "host")
    assert {key: endpoint[key] for key in EMPTY if key != "EndpointID"} == {k: v for k, v in EMPTY.items() if k != "EndpointID"}
    key = api.inspect("box")["NetworkSettings"]["SandboxKey"]
    assert os.stat(daemon.space.host_path(key)).st_ino == os.stat(daemon.space.path).st_ino
    assert api.inspect_network("host")["Containers"]


def test_mode_container(daemon, api):
    api.create_network("n")
    api.run("web", "n")
    api.run("side", "container:web")
    shown = api.inspect("side")
    assert shown["HostConfig"]["NetworkMode"].startswith("container:") and shown["NetworkSettings"]["Networks"] == {}
    done = daemon.fairlead("exec", "side", "--", "ip", "-br", "link")
    assert "eth0" in done.stdout


@pytest.mark.parametrize("given", ["", "default", "bridge"])
def test_modes_that_mean_bridge(api, given):
    api.run("box", given, NetworkingConfig=on(default={}))
    shown = api.inspect("box")
    assert shown["HostConfig"]["NetworkMode"] == "bridge" and set(shown["NetworkSettings"]["Networks"]) == {"bridge"}


def test_a_network_by_id_and_prefix(api):
    identifier = api.create_network("n")
    for number, term in enumerate((identifier, identifier[:12])):
        api.run(f"box{number}", term, NetworkingConfig=on(**{term: {"Aliases": ["x"]}}))
        networks = api.inspect(f"box{number}")["NetworkSettings"]["Networks"]
        assert set(networks) == {"n"}, "normalised at start"
        assert networks["n"]["Aliases"] == ["x"]
