"""What networks look like: shapes, nulls, lookups, version gates, prune."""

import hashlib
import ipaddress
import json
import re

import pytest
from rig.http import query

BRIDGE = "com.docker.network.bridge."
SUMMARY = {
    "Name", "Id", "Created", "Scope", "Driver", "EnableIPv4", "EnableIPv6", "IPAM", "Internal", "Attachable", "Ingress",
    "ConfigOnly", "ConfigFrom", "Options", "Labels",
}


def names(api, filters=None, version=""):
    return sorted(network["Name"] for network in api.expect(200, "GET", f"{version}/networks{query(filters=filters)}").json)


# --- shapes


def test_the_predefined_three(api):
    networks = {network["Name"]: network for network in api.get("/networks").json}
    assert set(networks) == {"bridge", "host", "none"}
    for network in networks.values():
        assert set(network) == SUMMARY
        assert re.fullmatch("[0-9a-f]{64}", network["Id"])
        assert network["Scope"] == "local"
    assert [networks[name]["Driver"] for name in ("bridge", "host", "none")] == ["bridge", "host", "null"]
    for name in ("host", "none"):
        assert (networks[name]["EnableIPv4"], networks[name]["EnableIPv6"]) == (True, False)
        assert networks[name]["IPAM"] == {"Driver": "default", "Options": None, "Config": None}
        assert networks[name]["Options"] == networks[name]["Labels"] == {}
        assert api.inspect_network(name)["Status"] == {"IPAM": {}}


def test_the_default_bridge(daemon, api):
    bridge = api.inspect_network("bridge")
    assert bridge["Options"] == {
        BRIDGE + "default_bridge": "true", BRIDGE + "enable_icc": "true", BRIDGE + "enable_ip_masquerade": "true",
        BRIDGE + "host_binding_ipv4": "0.0.0.0", BRIDGE + "name": "fairlead0", "com.docker.network.driver.mtu": "1500",
    }
    assert bridge["IPAM"]["Config"] == [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]
    assert daemon.space.addresses("fairlead0") == ["172.17.0.1/16"]


def test_a_plain_network(daemon, api):
    identifier = api.create_network("n")
    network = api.inspect_network("n")
    assert set(network) == SUMMARY | {"Containers", "Status"}
    created = network.pop("Created")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}(Z|[+-]\d\d:\d\d)", created)
    subnet = ipaddress.ip_network(network["IPAM"]["Config"][0]["Subnet"])
    gateway = str(subnet[1])
    assert network == {
        "Name": "n", "Id": identifier, "Scope": "local", "Driver": "bridge", "EnableIPv4": True, "EnableIPv6": False,
        "IPAM": {"Driver": "default", "Options": None, "Config": [{"Subnet": str(subnet), "Gateway": gateway}]},
        "Internal": False, "Attachable": False, "Ingress": False, "ConfigOnly": False, "ConfigFrom": {"Network": ""},
        "Containers": {}, "Options": {}, "Labels": {},
        "Status": {"IPAM": {"Subnets": {str(subnet): {"IPsInUse": 3, "DynamicIPsAvailable": 2**16 - 3}}}},
    }
    interface = f"br-{identifier[:12]}"
    assert daemon.space.addresses(interface) == [f"{gateway}/16"]
    link = daemon.space.links()[interface]
    assert link["linkinfo"]["info_kind"] == "bridge" and "UP" in link["flags"]
    assert link["ifalias"] == f"fairlead:{identifier}"


def test_everything_given_is_shown(api):
    api.create_network(
        "n", [{"Subnet": "10.1.0.0/16", "IPRange": "10.1.128.0/17", "Gateway": "10.1.0.9", "AuxiliaryAddresses": {"a": "10.1.0.5"}},
              {"Subnet": "fd00:1::/64"}], EnableIPv6=True, Internal=True, Attachable=True, Labels={"a": "1", "b": ""},
        Options={"anything": "goes", "com.docker.network.driver.mtu": "1400"})
    network = api.inspect_network("n")
    assert network["IPAM"]["Config"] == [
        {"Subnet": "10.1.0.0/16", "IPRange": "10.1.128.0/17", "Gateway": "10.1.0.9", "AuxiliaryAddresses": {"a": "10.1.0.5"}},
        {"Subnet": "fd00:1::/64", "Gateway": "fd00:1::1"},
    ]
    assert network["Internal"] and network["Attachable"] and network["EnableIPv6"]
    assert network["Labels"] == {"a": "1", "b": ""}
    assert network["Options"] == {"anything": "goes", "com.docker.network.driver.mtu": "1400"}


@pytest.mark.parametrize("given, shown", [(None, None), ({}, {}), ({"a": "b"}, {"a": "b"})], ids=str)
def test_ipam_options(api, given, shown):
    api.create_network("n", IPAM={"Options": given})
    assert api.inspect_network("n")["IPAM"]["Options"] == shown


@pytest.mark.parametrize("ipam", [None, {}, {"Config": None}, {"Config": []}, {"Config": [{}]}, {"Driver": "default"},
                                  {"Driver": "", "Config": [{"Subnet": "", "Gateway": ""}]}], ids=json.dumps)
def test_ipam_that_says_nothing(api, ipam):
    api.create_network("n", IPAM=ipam)
    network = api.inspect_network("n")
    assert network["IPAM"]["Driver"] == "default" and len(network["IPAM"]["Config"]) == 1


def test_nulls_as_docker_py_sends_them(api):
    api.create_network("n", Driver=None, Options=None, IPAM={"Driver": None, "Config": [
        {"Subnet": "10.1.0.0/24", "IPRange": None, "Gateway": None, "AuxiliaryAddresses": None}]}, CheckDuplicate=None,
        Labels=None, ConfigFrom=None, EnableIPv6=None)
    network = api.inspect_network("n")
    assert network["IPAM"]["Config"] == [{"Subnet": "10.1.0.0/24", "Gateway": "10.1.0.1"}]
    assert network["Options"] == network["Labels"] == {}


def test_names_may_be_anything(api):
    for name in ("a b", "a/b", "\u00fc:\u6f22", "x" * 300, "...", "-", "create2", " padded "):
        api.create_network(name)
        assert api.inspect_network(name)["Name"] == name
        api.remove_network(name)
    # A path that is not clean is redirected (1.2), so this one answers to its id only.
    identifier = api.create_network("..")
    assert api.get("/networks/..").status == 301
    assert api.inspect_network(identifier)["Name"] == ".."


def test_any_scope_is_stored(api):
    api.create_network("n", Scope="odd")
    assert api.inspect_network("n")["Scope"] == "odd"
    assert names(api, {"scope": ["odd"]}) == ["n"]
    api.create_network("g", Scope="global")
    subnet = ipaddress.ip_network(api.inspect_network("g")["IPAM"]["Config"][0]["Subnet"])
    assert subnet.prefixlen == 24 and subnet.subnet_of(ipaddress.ip_network("10.0.0.0/8"))


def test_enable_options_and_fields(api):
    key4, key6 = "com.docker.network.enable_ipv4", "com.docker.network.enable_ipv6"
    api.create_network("by-option", Options={key4: "true", key6: "1"})
    network = api.inspect_network("by-option")
    assert (network["EnableIPv4"], network["EnableIPv6"]) == (True, True)
    assert network["Options"] == {key4: "true", key6: "1"}
    api.create_network("by-field", EnableIPv6=False, Options={key6: "true"})
    network = api.inspect_network("by-field")
    assert network["EnableIPv6"] is False and network["Options"] == {}, "an explicit field removes the option"
    api.create_network("six-only", EnableIPv4=False, EnableIPv6=True)
    network = api.inspect_network("six-only")
    assert [ipaddress.ip_network(each["Subnet"]).version for each in network["IPAM"]["Config"]] == [6]


def test_ipv6_subnet_without_ipv6_is_silently_absent(api):
    api.create_network("n", ["10.1.0.0/24", {"Subnet": "fd00::1/64", "Gateway": "10.9.9.9"}])
    assert api.inspect_network("n")["IPAM"]["Config"] == [{"Subnet": "10.1.0.0/24", "Gateway": "10.1.0.1"}]


def test_ula(api):
    """IPv6 without a pool: /64s of one fd…/48 that stays the host's."""
    seen = set()
    for name in ("a", "b"):
        api.create_network(name, EnableIPv6=True)
        subnet = ipaddress.ip_network(api.inspect_network(name)["IPAM"]["Config"][1]["Subnet"])
        assert subnet.prefixlen == 64 and str(subnet).startswith("fd")
        seen.add(subnet.supernet(new_prefix=48))
    assert len(seen) == 1
    digest = hashlib.sha256(api.get("/info").json["ID"].encode()).digest()
    assert seen.pop().network_address.packed[:6] == b"\xfd" + digest[3:8]


def test_families_in_order(api):
    """IPv4 first; but when only one family is given, it comes first."""
    api.create_network("both", ["fd00:1::/64", "10.1.0.0/24"], EnableIPv6=True)
    assert [c["Subnet"] for c in api.inspect_network("both")["IPAM"]["Config"]] == ["10.1.0.0/24", "fd00:1::/64"]
    api.create_network("six", ["fd00:2::/64"], EnableIPv6=True)
    assert [c["Subnet"] for c in api.inspect_network("six")["IPAM"]["Config"]][0] == "fd00:2::/64"


# --- config-only and config-from


def test_config_from(api):
    api.create_network("source", [{"Subnet": "10.1.0.0/24", "IPRange": "10.1.0.128/25", "Gateway": "10.1.0.7"},
                                  {"Subnet": "fd00:1::/64"}], ConfigOnly=True, EnableIPv6=True,
                       Labels={"from": "source"}, Options={BRIDGE + "enable_icc": "false"})
    source = api.inspect_network("source")
    assert (source["Scope"], source["Driver"], source["ConfigOnly"]) == ("local", "null", True)
    assert source["IPAM"]["Config"] is None
    assert source["Status"] == {"IPAM": {}}
    api.create_network("user", ConfigFrom={"Network": "source"}, Internal=True)
    user = api.inspect_network("user")
    assert user["ConfigFrom"] == {"Network": "source"}
    assert (user["Driver"], user["Internal"], user["EnableIPv6"]) == ("bridge", True, True)
    assert user["Labels"] == {"from": "source"} and user["Options"] == {BRIDGE + "enable_icc": "false"}
    assert [c["Subnet"] for c in user["IPAM"]["Config"]] == ["10.1.0.0/24", "fd00:1::/64"]
    api.remove_network("user")
    api.remove_network("source")


def test_config_from_takes_a_name_only(api):
    identifier = api.create_network("source", "10.1.0.0/24", ConfigOnly=True)
    assert api.post("/networks/create", {"Name": "user", "ConfigFrom": {"Network": identifier}}).status == 404


# --- Status.IPAM


STATUS = [
    ([{"Subnet": "192.168.0.0/24", "IPRange": "192.168.0.64/31", "Gateway": "192.168.0.1",
       "AuxiliaryAddresses": {"a": "192.168.0.65", "b": "192.168.0.128"}}], "192.168.0.0/24", 5, 1),
    ([{"Subnet": "fd00:1::/64", "IPRange": "fd00:1::/120", "Gateway": "fd00:1::1",
       "AuxiliaryAddresses": {"a": "fd00:1::2a", "b": "fd00:1::8000"}}], "fd00:1::/64", 4, 253),
    ([{"Subnet": "fd00:2::/56"}], "fd00:2::/56", 2, 2**64 - 1),
    ([{"Subnet": "10.1.0.0/31"}], "10.1.0.0/31", 1, 1),
    ([{"Subnet": "10.1.0.1/32"}], "10.1.0.1/32", 1, 0),
    ([{"Subnet": "fd00:3::/127"}], "fd00:3::/127", 2, 0),
]


@pytest.mark.parametrize("config, subnet, used, free", STATUS, ids=[case[1] for case in STATUS])
def test_status(api, config, subnet, used, free):
    api.create_network("n", config, EnableIPv6=True)
    counts = api.inspect_network("n")["Status"]["IPAM"]["Subnets"][subnet]
    assert counts == {"IPsInUse": used, "DynamicIPsAvailable": free}


def test_status_counts_endpoints(api):
    api.create_network("n", {"Subnet": "10.1.0.0/24", "IPRange": "10.1.0.128/25", "Gateway": "10.1.0.1"})

    def counts():
        return tuple(api.inspect_network("n")["Status"]["IPAM"]["Subnets"]["10.1.0.0/24"].values())

    def as_dict():
        return api.inspect_network("n")["Status"]["IPAM"]["Subnets"]["10.1.0.0/24"]

    assert as_dict() == {"IPsInUse": 3, "DynamicIPsAvailable": 127}
    api.run("inside", "n")
    assert as_dict() == {"IPsInUse": 4, "DynamicIPsAvailable": 126}
    api.run("outside", "n", NetworkingConfig={"EndpointsConfig": {"n": {"IPAMConfig": {"IPv4Address": "10.1.0.9"}}}})
    assert as_dict() == {"IPsInUse": 5, "DynamicIPsAvailable": 126}
    api.stop("inside")
    assert as_dict() == {"IPsInUse": 4, "DynamicIPsAvailable": 127}
    assert len(counts()) == 2


# --- version gates


def test_before_1_28_the_list_is_full(api):
    api.create_network("n")
    assert all("Containers" in network for network in api.get("/v1.27/networks").json)
    assert all("Containers" not in network for network in api.get("/v1.28/networks").json)


def test_before_1_48_enable_ipv4_is_ignored(api):
    api.create_network("n", version="/v1.47", EnableIPv4=False, EnableIPv6=True)
    assert api.inspect_network("n", "/v1.47")["EnableIPv4"] is True


def test_before_1_52_there_is_no_status(api):
    assert "Status" not in api.inspect_network("bridge", "/v1.51")
    assert "Status" in api.inspect_network("bridge", "/v1.52")


@pytest.mark.parametrize("version", [f"/v1.{minor}" for minor in range(24, 57)])
def test_every_served_version(api, version):
    assert {"bridge", "host", "none"} <= set(names(api, version=version))
    assert api.inspect_network("bridge", version)["Name"] == "bridge"
    api.expect(201, "POST", f"{version}/networks/create", {"Name": "n"})


# --- lookups


def test_an_id_beats_a_name_and_a_name_beats_a_prefix(api):
    first = api.create_network("first")
    api.create_network(first[:12])
    assert api.inspect_network(first[:12])["Name"] == first[:12], "a full name beats an id prefix"
    assert api.inspect_network(first[:13])["Name"] == "first"
    impostor = api.create_network(first)
    assert api.inspect_network(first)["Name"] == "first", "a full id beats a name"
    api.remove_network(first[:12])
    assert api.inspect_network("first")["Id"] == first
    api.remove_network(impostor)
    api.remove_network(first)
    assert names(api, {"type": ["custom"]}) == []


def test_verbose_and_scope(api):
    for verbose in ("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"):
        assert api.get(f"/networks/bridge?verbose={verbose}").status == 200
    assert api.get("/networks/bridge?scope=local").status == 200


def test_containers_of_a_network(daemon, api):
    api.create_network("n", ["10.1.0.0/24", "fd00:1::/64"], EnableIPv6=True)
    box = api.run("box", "n")
    api.create("stopped", "n")
    mac = daemon.container("box").links()["eth0"]["address"]
    endpoint = api.endpoint("box", "n")
    assert api.inspect_network("n")["Containers"] == {
        box: {"Name": "box", "EndpointID": endpoint["EndpointID"], "MacAddress": mac, "IPv4Address": "10.1.0.2/24",
              "IPv6Address": "fd00:1::2/64"}}
    api.stop("box")
    assert api.inspect_network("n")["Containers"] == {}
    api.remove_network("n")


# --- prune


def pruned(api, filters=None):
    deleted = api.expect(200, "POST", f"/networks/prune{query(filters=filters)}").json["NetworksDeleted"]
    return sorted(deleted) if deleted is not None else None


def test_prune_spares_what_is_used(api):
    api.create_network("used")
    api.create_network("stopped")
    api.create_network("config", ConfigOnly=True)
    api.run("running", "used")
    api.create("sleeping", "stopped")
    assert pruned(api) == ["stopped"]
    assert pruned(api) is None
    assert api.post("/networks/prune").text == '{"NetworksDeleted":null}\n'


@pytest.mark.parametrize(
    "filters, expected",
    [({"label": ["a"]}, ["one", "two"]), ({"label": ["a=1"]}, ["one"]), ({"label!": ["a"]}, ["three"]),
     ({"label!": ["a", "b"]}, ["one", "three"]), ({"label": {"b": True}}, ["two"]), ({"until": ["1h"]}, None),
     ({"until": ["1"]}, None), ({"until": ["5000000000"]}, ["one", "three", "two"]), ({"until": ["2000-01-01"]}, None),
     ({"until": ["2099-01-01T00:00:00Z"]}, ["one", "three", "two"]), ({"until": ["2099-01-01T10:00"]}, ["one", "three", "two"]),
     ({"until": ["0s"]}, ["one", "three", "two"]), ({"label": ["none"]}, None)],
    ids=str,
)
def test_prune_filters(api, filters, expected):
    api.create_network("one", Labels={"a": "1"})
    api.create_network("two", Labels={"a": "2", "b": ""})
    api.create_network("three")
    assert pruned(api, filters) == expected
