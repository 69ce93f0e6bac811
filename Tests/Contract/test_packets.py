"""Who reaches whom, seen by packets: both families, with bridge-nf-call-* 0 and 1."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from rig.daemon import HOST4, HOST6, OUTSIDE4, OUTSIDE6

BRIDGE = "com.docker.network.bridge."
ADDRESSES = {4: ("IPAddress", "Gateway", HOST4, OUTSIDE4), 6: ("GlobalIPv6Address", "IPv6Gateway", HOST6, OUTSIDE6)}

FAMILIES = pytest.mark.parametrize("family", [4, 6], ids=["v4", "v6"])


@pytest.fixture(scope="module", params=["0", "1"], ids=["nf0", "nf1"])
def town(request, module_daemon):
    """One network of every kind, with its containers; nothing in this module changes it."""
    daemon, api = module_daemon, module_daemon.api
    api.clear()
    for name in ("bridge-nf-call-iptables", "bridge-nf-call-ip6tables"):
        daemon.space.set_sysctl(f"net/bridge/{name}", request.param)
    kinds = {
        "front": {}, "back": {}, "internal": {"Internal": True},
        "internal2": {"Internal": True},
        "quiet": {"Options": {BRIDGE + "enable_icc": "false"}},
        "bare": {"Options": {BRIDGE + "enable_ip_masquerade": "false"}},
        "routed": {"Options": {BRIDGE + "gateway_mode_ipv4": "routed", BRIDGE + "gateway_mode_ipv6": "routed"}},
        "unprotected": {"Options": {BRIDGE + "gateway_mode_ipv4": "nat-unprotected", BRIDGE + "gateway_mode_ipv6": "nat-unprotected"}},
        "isolated": {"Internal": True, "Options": {BRIDGE + "gateway_mode_ipv4": "isolated", BRIDGE + "gateway_mode_ipv6": "isolated"}},
        "trusting": {"Options": {BRIDGE + "trusted_host_interfaces": "out0"}},
    }
    for number, (name, fields) in enumerate(kinds.items()):
        api.create_network(name, [f"10.20.{number}.0/24", f"fd00:20:{number}::/64"], EnableIPv6=True, **fields)
        for which in ("1", "2"):
            api.run(f"{name}{which}", name)
    built = Town(daemon, kinds)
    assert daemon.space.sysctl("net/bridge/bridge-nf-call-iptables") == request.param
    with contextlib.ExitStack() as servers:
        for container in built.namespaces:
            for wildcard in ("0.0.0.0", "::"):
                servers.enter_context(built.namespaces[container].listening(wildcard, 80))
        yield built
    api.clear()
    for name in ("bridge-nf-call-iptables", "bridge-nf-call-ip6tables"):
        daemon.space.set_sysctl(f"net/bridge/{name}", "1")


class Town:
    def __init__(self, daemon, kinds):
        self.daemon, self.kinds = daemon, kinds
        self.names = [f"{kind}{which}" for kind in kinds for which in ("1", "2")]
        self.namespaces = {name: daemon.container(name) for name in self.names}
        self.endpoints = {name: daemon.api.endpoint(name, name[:-1]) for name in self.names}

    def address(self, name, family):
        return self.endpoints[name][ADDRESSES[family][0]]

    def gateway(self, kind, family):
        return f"10.20.{list(self.kinds).index(kind)}.1" if family == 4 else f"fd00:20:{list(self.kinds).index(kind)}::1"


def together(*questions) -> list:
    """Asks several questions at once: most of the time goes into waiting for what must not come."""
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda question: question(), questions))


def reached(source, addresses, wait=0.7) -> dict:
    """Which of the addresses answer `source`, by ping and by TCP on port 80, as {address: (ping, tcp)}."""
    found = together(
        *[lambda a=a: (source.pings(a, wait), source.probe(a, 80, wait) == "open") for a in addresses.values()]
    )
    return dict(zip(addresses, found))


YES, NO = (True, True), (False, False)


@FAMILIES
def test_one_network(town, family):
    """Two namespaces on one network reach each other, on every kind of network that lets them."""
    for kind in town.kinds:
        for source, target in (("1", "2"), ("2", "1")):
            found = reached(town.namespaces[kind + source], {kind + target: town.address(kind + target, family)})
            assert found == {kind + target: NO if kind == "quiet" else YES}, f"from {kind}{source}"


@FAMILIES
def test_two_networks(town, family):
    """Across networks: nothing, except to a routed or unprotected network by ping and, unprotected, by port."""
    for kind in ("front", "internal", "quiet", "bare", "routed", "isolated"):
        targets = {name: town.address(name, family) for name in town.names if name.endswith("1") and name != kind + "1"}
        found = reached(town.namespaces[kind + "1"], targets)
        allowed = {"unprotected1": YES, "routed1": (True, False)} if kind not in ("internal", "isolated") else {}
        for name, outcome in found.items():
            assert outcome == allowed.get(name, NO), f"from {kind}1 to {name}"


@FAMILIES
def test_not_by_routing_through_the_other_gateway(town, family):
    """A container that sends straight to the other bridge's gateway address gets no further."""
    for source, target in (("front", "back"), ("back", "front"), ("front", "internal"), ("internal", "front")):
        inside = town.namespaces[source + "1"]
        address, gateway = town.address(target + "1", family), town.gateway(target, family)
        own = town.gateway(source, family)
        length = 32 if family == 4 else 128
        inside.run("ip", f"-{family}", "route", "add", f"{gateway}/{length}", "via", own)
        inside.run("ip", f"-{family}", "route", "add", f"{address}/{length}", "via", own)
        try:
            assert reached(inside, {target: address}) == {target: NO}, f"{source} to {target}"
        finally:
            inside.run("ip", f"-{family}", "route", "del", f"{address}/{length}")
            inside.run("ip", f"-{family}", "route", "del", f"{gateway}/{length}")


@FAMILIES
def test_outward(town, family):
    """A bridge network reaches the outside, masqueraded; internal ones reach nothing."""
    outside, outside_address = town.daemon.outside, ADDRESSES[family][3]
    host = ADDRESSES[family][2]
    wildcard = "0.0.0.0" if family == 4 else "::"
    seen = {}
    for kind in town.kinds:
        with outside.listening(wildcard, 8080) as server:
            outcome = town.namespaces[kind + "1"].probe(outside_address, 8080, 0.7)
            seen[kind] = (outcome == "open", *set(server.peers))
    own = {kind: town.address(kind + "1", family) for kind in town.kinds}
    assert seen == {
        "front": (True, host), "back": (True, host), "quiet": (True, host), "unprotected": (True, host),
        "trusting": (True, host), "bare": (True, own["bare"]), "routed": (True, own["routed"]), "internal": (False,),
        "internal2": (False,), "isolated": (False,),
    }
    pings = together(*[lambda k=k: town.namespaces[k + "1"].pings(outside_address, 0.7) for k in town.kinds])
    assert dict(zip(town.kinds, pings)) == {kind: kind not in ("internal", "internal2", "isolated") for kind in town.kinds}


@FAMILIES
def test_internal_reaches_nothing_even_with_a_route(town, family):
    inside, outside_address = town.namespaces["internal1"], ADDRESSES[family][3]
    inside.run("ip", f"-{family}", "route", "add", "default", "via", town.gateway("internal", family))
    try:
        assert not inside.pings(outside_address, 0.7)
        assert inside.probe(outside_address, 8080, 0.7) != "refused", "not even a refusal came back"
        others = {name: town.address(name, family) for name in ("front1", "routed1", "unprotected1", "internal21")}
        assert reached(inside, others) == dict.fromkeys(others, NO)
    finally:
        inside.run("ip", f"-{family}", "route", "del", "default")


@FAMILIES
def test_inward(town, family):
    """The outside reaches no container address, but what a gateway mode or a trusted interface allows."""
    targets = {kind: town.address(kind + "1", family) for kind in town.kinds}
    found = reached(town.daemon.outside, targets)
    expected = dict.fromkeys(town.kinds, NO) | {"unprotected": YES, "routed": (True, False)}
    # A trusted interface is excepted from the direct-access drop; unpublished ports stay shut behind it.
    trusting = found.pop("trusting"), expected.pop("trusting")
    assert found == expected
    assert trusting[0][1] is False


@FAMILIES
def test_the_gateway_s_address_from_outside_is_just_the_host(town, family):
    """The host's own addresses stay reachable, as in Docker."""
    assert town.daemon.outside.pings(ADDRESSES[family][2])


@FAMILIES
def test_the_host(town, family):
    """The host reaches its containers and they reach it, except where the bridge has no address."""
    host = town.daemon.space
    found = reached(host, {kind: town.address(kind + "1", family) for kind in town.kinds})
    assert found == {kind: NO if kind == "isolated" else YES for kind in town.kinds}
    wildcard = "0.0.0.0" if family == 4 else "::"
    with host.listening(wildcard, 9090):
        answers = together(*[
            lambda k=k: town.namespaces[k + "1"].probe(town.gateway(k, family), 9090, 0.7) for k in town.kinds])
    assert {kind: answer == "open" for kind, answer in zip(town.kinds, answers)} == {
        kind: kind != "isolated" for kind in town.kinds
    }


@FAMILIES
def test_masquerade_off_has_its_way_back(town, family):
    """Without masquerade the answers still come in: the return path of an established flow is open."""
    assert town.namespaces["bare1"].pings(ADDRESSES[family][3], count=3)
    assert not town.daemon.outside.pings(town.address("bare1", family), 0.7), "but nothing begins outside"


@FAMILIES
def test_udp(town, family):
    """The same verdicts hold for datagrams."""
    wildcard = "0.0.0.0" if family == 4 else "::"
    with contextlib.ExitStack() as servers:
        for name in ("front2", "back1", "quiet2"):
            servers.enter_context(town.namespaces[name].listening(wildcard, 53, stream=False))
        servers.enter_context(town.daemon.outside.listening(wildcard, 53, stream=False))
        front, quiet, outside = town.namespaces["front1"], town.namespaces["quiet1"], town.daemon.outside
        answers = together(
            lambda: front.echoes(town.address("front2", family), 53),
            lambda: front.echoes(ADDRESSES[family][3], 53),
            lambda: front.echoes(town.address("back1", family), 53),
            lambda: quiet.echoes(town.address("quiet2", family), 53),
            lambda: outside.echoes(town.address("front2", family), 53),
        )
    assert answers == [True, True, False, False, False]


def test_isolated_bridges_have_no_address(town):
    for family in (4, 6):
        assert town.endpoints["isolated1"][ADDRESSES[family][1]] == ""
    identifier = town.daemon.api.inspect_network("isolated")["Id"]
    assert town.daemon.space.addresses(f"br-{identifier[:12]}") == []
    assert town.daemon.space.sysctl(f"net/ipv6/conf/br-{identifier[:12]}/disable_ipv6") == "1"


def test_icc_false_isolates_the_ports_themselves(town):
    """With bridge-nf 0 no rule sees the traffic between two ports; the bridge itself must."""
    identifier = town.daemon.api.inspect_network("quiet")["Id"]
    ports = [link for link in town.daemon.links().values() if link.get("master") == f"br-{identifier[:12]}"]
    assert len(ports) == 2 and all(port["linkinfo"]["info_slave_data"]["isolated"] for port in ports)


def test_one_table_and_the_rules_never_change(town):
    """Rules are the same with ten networks as with none; only elements differ."""
    here = [item["rule"] for item in town.daemon.table() if "rule" in item]
    fresh = [item["rule"] for item in town.daemon.baseline["table"] if "rule" in item]
    assert here == fresh
    tables = [item["table"] for item in town.daemon.space.nft("list", "tables") if "table" in item]
    assert [(table["family"], table["name"]) for table in tables] == [("inet", "fairlead")]


def test_users_chains_come_first(town):
    """`user-forward` and `user-ingress` are the administrator's: a drop there wins."""
    space, front = town.daemon.space, town.namespaces["front1"]
    assert front.pings(OUTSIDE4)
    for chain in ("user-forward", "user-ingress"):
        space.run("nft", "add", "rule", "inet", "fairlead", chain, "ip", "daddr", OUTSIDE4, "drop")
        assert not front.pings(OUTSIDE4, 0.7), chain
        town.daemon.api.create_network("meanwhile")
        town.daemon.api.remove_network("meanwhile")
        listed = space.run("nft", "list", "chain", "inet", "fairlead", chain)
        assert OUTSIDE4 in listed, "never flushed"
        space.run("nft", "flush", "chain", "inet", "fairlead", chain)
    assert front.pings(OUTSIDE4)
