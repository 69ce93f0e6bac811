"""What is lost while the daemon runs comes back, and what is not ours stays as it is."""

import re
import time

import pytest
from rig.house import SOON, bridge, eth, heals, port, rules, whole
from rig.namespaces import until

# How each is brought about, and what the log says of it.
LOSSES = {
    "the ruleset": (
        lambda d: d.space.run("nft", "flush", "ruleset"),
        r"table fairlead is missing\) and are as before; \d+ elements of \d+ sets were missing and are back"),
    "the table": (
        lambda d: d.space.run("nft", "delete", "table", "inet", "fairlead"), r"table fairlead is missing"),
    "one chain's rules": (
        lambda d: d.space.run("nft", "flush", "chain", "inet", "fairlead", "forward"), r"chain forward lacks rules"),
    "a chain": (
        lambda d: nft(d, "flush chain inet fairlead guard", "delete chain inet fairlead guard"),
        r"chain guard is missing"),
    "a rule": (
        lambda d: d.space.run("nft", "delete", "rule", "inet", "fairlead", "passing", "handle", rule(d, "passing")),
        r"chain passing lacks rules"),
    "a set": (
        lambda d: nft(d, "flush chain inet fairlead input", "delete set inet fairlead isolated"),
        r"set isolated is missing"),
    "the elements of a set": (
        lambda d: d.space.run("nft", "flush", "set", "inet", "fairlead", "protected"),
        r"\d+ elements of set protected were missing and are back"),
    "an element": (
        lambda d: d.space.run("nft", "delete", "element", "inet", "fairlead", "guarded4", "{ 10.1.0.2 }"),
        r'element guarded4 { 10.1.0.2 .*} was missing and is back'),
    "a verdict": (
        lambda d: [nft(d, f'delete element inet fairlead within {{ "{b}" . "{b}" }}',
                       f'add element inet fairlead within {{ "{b}" . "{b}" : drop }}') for b in (bridge(d, "front"),)],
        r"element within .* was changed and is .* : accept"),
    "a bridge": (
        lambda d: d.space.run("ip", "link", "del", bridge(d, "front")),
        r"bridge br-\w+ \(\S+\) was missing or moved and is made anew"),
    "all bridges at once": (
        lambda d: [d.space.run("ip", "link", "del", bridge(d, n)) for n in ("front", "back")], r"and is made anew"),
    "a veth": (
        lambda d: d.space.run("ip", "link", "del", port(d, "web", "front")),
        r"veth veth\w+ \(\S+\) and eth0 in \S+ were missing or moved and are made anew"),
    "a veth, from inside": (
        lambda d: d.container("app").run("ip", "link", "del", eth(d, "app", "10.2.0.")), r"and are made anew"),
    "a bridge's address": (
        lambda d: d.space.run("ip", "addr", "flush", "dev", bridge(d, "front"), "scope", "global"),
        r"address 10.1.0.1/24 of br-\w+ was missing and is back"),
    "a container's address": (
        lambda d: d.container("web").run("ip", "addr", "del", "10.1.0.2/24", "dev", "eth0"),
        r"address 10.1.0.2/24 of eth0 in \S+ was missing and is back"),
    "a container's IPv6 address": (
        lambda d: d.container("web").run("ip", "-6", "addr", "flush", "dev", "eth0", "scope", "global"),
        r"address fd00:1::2/64 of eth0 in \S+ was missing and is back"),
    "a default route": (
        lambda d: d.container("web").run("ip", "route", "del", "default"),
        r"default route \(ipv4\) via 10.1.0.1 by eth0 in \S+ was missing and is back"),
    "a master": (
        lambda d: d.space.run("ip", "link", "set", port(d, "web", "front"), "nomaster"),
        r"veth \S+ \(\S+\) is changed back: master is not set, wanted br-"),
    "another master": (
        lambda d: d.space.run("ip", "link", "set", port(d, "web", "front"), "master", bridge(d, "back")),
        r"is changed back: master is (br-\w+|not set), wanted br-"),
    "an alias": (
        lambda d: d.space.run("ip", "link", "set", bridge(d, "back"), "alias", "mine"),
        r"is changed back: alias is mine, wanted fairlead:"),
    "being up": (
        lambda d: d.space.run("ip", "link", "set", bridge(d, "front"), "down"), r"br-\w+ was down and is up again"),
    "being up, inside": (
        lambda d: d.container("web").run("ip", "link", "set", "eth0", "down"), r"eth0 in \S+ was down and is up again"),
    "lo's being up": (
        lambda d: d.container("web").run("ip", "link", "set", "lo", "down"), r"lo in \S+ was down and is up again"),
    "a MAC address": (
        lambda d: d.space.run("ip", "link", "set", bridge(d, "front"), "address", "02:00:00:00:00:01"),
        r"bridge \S+ \(\S+\) is changed back: MAC address is 02:00:00:00:00:01, wanted"),
    "a MAC address, inside": (
        lambda d: d.container("web").run("ip", "link", "set", "eth0", "address", "02:00:00:00:00:01"),
        r"is changed back: MAC address is 02:00:00:00:00:01, wanted"),
    "an MTU": (
        lambda d: d.space.run("ip", "link", "set", port(d, "there", "back"), "mtu", "1280"),
        r"is changed back: MTU is 1280, wanted 1400"),
    "an MTU, inside": (
        lambda d: d.container("there").run("ip", "link", "set", "eth0", "mtu", "1280"),
        r"is changed back: MTU is 1280, wanted 1400"),
    "isolation": (
        lambda d: d.space.run("bridge", "link", "set", "dev", port(d, "web", "front"), "isolated", "on"),
        r"is changed back: isolated is true, wanted false"),
    "hairpin": (
        lambda d: d.space.run("bridge", "link", "set", "dev", port(d, "web", "front"), "hairpin", hairpin(d)),
        r"is changed back: hairpin is \w+, wanted"),
    "a bridge's name": (
        lambda d: [d.space.run("ip", "link", "set", bridge(d, "back"), "down"),
                   d.space.run("ip", "link", "set", bridge(d, "back"), "name", "elsewhere")],
        r"bridge elsewhere \(\S+\) had another name or place and is deleted"),
    "a veth's name": (
        lambda d: d.space.run("ip", "link", "set", port(d, "web", "front"), "name", "elsewhere"),
        r"veth elsewhere \(\S+\) had another name or place and is deleted"),
    "a veth's name, inside": (
        lambda d: d.container("web").run("ip", "link", "set", "eth0", "name", "elsewhere"), r"and are made anew"),
    "a veth's namespace": (
        lambda d: d.space.run("ip", "link", "set", port(d, "web", "front"), "netns", str(d.outside.pid)),
        r"and are made anew"),
    "a veth's namespace, inside": (
        lambda d: d.container("web").run("ip", "link", "set", "eth0", "netns", str(d.outside.pid)),
        r"and are made anew"),
}


def nft(daemon, *commands):
    """In one transaction."""
    daemon.space.run("nft", "-f", "-", input="\n".join(commands))


def rule(daemon, chain):
    """The handle of a chain's first rule."""
    listed = daemon.space.nft("-a", "list", "chain", "inet", "fairlead", chain)
    return next(item["rule"]["handle"] for item in listed if "rule" in item)


def hairpin(daemon):
    """The contrary of how it is."""
    data = daemon.links()[port(daemon, "web", "front")]["linkinfo"]["info_slave_data"]
    return "off" if data["hairpin"] else "on"


@pytest.mark.parametrize("loss", LOSSES, ids=lambda name: name.replace(" ", "-"))
def test_it_comes_back(house, loss):
    cause, sentence = LOSSES[loss]
    before = whole(house)
    cause(house)
    heals(house, before, f"the return of {loss}")
    lines = [line for line in house.log_text().splitlines() if "lost and restored: " in line]
    assert any(re.search(sentence, line) for line in lines), "\n".join(lines)
    assert house.container("web").pings("10.1.0.1") and house.container("web").pings("192.0.2.2")
    assert not house.container("web").pings("10.2.0.2", 0.4)


def test_announced_sysctls(house):
    """Forwarding is announced, so nobody waits for the regular look."""
    house.space.set_sysctl("net/ipv4/ip_forward", 0)
    until(lambda: house.space.sysctl("net/ipv4/ip_forward") == "1", SOON, what="forwarding")
    house.api.run("tuned")
    house.api.connect_network("back", "tuned", DriverOpts={
        "com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.forwarding=1,net.ipv4.conf.IFNAME.rp_filter=2"})
    tuned = house.container("tuned")
    name = eth(house, "tuned", "10.2.0.")
    for key, want, other in (("forwarding", "1", 0), ("rp_filter", "2", 0)):
        path = f"net/ipv4/conf/{name}/{key}"
        assert tuned.sysctl(path) == want
        tuned.set_sysctl(path, other)
        until(lambda: tuned.sysctl(path) == want, SOON, what=key)
    assert re.search(r"net.ipv4.ip_forward was 0 and is 1 again", house.log_text())
    assert re.search(rf"net.ipv4.conf.{name}.rp_filter in \S+ was 0 and is 2 again", house.log_text())
    house.api.delete("/containers/tuned?force=1")


def test_silent_sysctls(house):
    path = f"net/ipv6/conf/{bridge(house, 'front')}/accept_ra"
    inside = "net/ipv6/conf/eth0/disable_ipv6"
    assert house.space.sysctl(path) == "0" and house.container("there").sysctl(inside) == "1"
    house.space.set_sysctl(path, 2)
    house.container("there").set_sysctl(inside, 0)
    until(lambda: house.space.sysctl(path) == "0" and house.container("there").sysctl(inside) == "1", 13, what="both")
    assert re.search(r"net.ipv6.conf.br-\w+.accept_ra was 2 and is 0 again", house.log_text())


def test_what_is_foreign_stays(house):
    """An address and a link on our bridge, a table, a route in a container."""
    name = bridge(house, "front")
    house.space.run("ip", "addr", "add", "198.51.100.1/24", "dev", name)
    house.space.run("ip", "link", "add", "foreign0", "type", "veth", "peer", "name", "foreign1")
    house.space.run("ip", "link", "set", "foreign0", "master", name)
    house.space.run("nft", "add", "table", "inet", "theirs")
    house.container("web").run("ip", "route", "add", "203.0.113.0/24", "via", "10.1.0.1")
    house.space.run("nft", "flush", "chain", "inet", "fairlead", "forward")
    until(lambda: house.plan() == [], SOON, what="an empty plan")
    until(lambda: "chain forward lacks rules" in house.log_text() or "repair table" in house.log_text(), SOON, what="the repair")
    assert "198.51.100.1/24" in house.space.addresses(name)
    assert house.space.links()["foreign0"]["master"] == name
    assert any(item.get("table", {}).get("name") == "theirs" for item in house.space.nft("list", "tables"))
    assert "203.0.113.0/24" in house.container("web").run("ip", "route")
    house.space.run("ip", "link", "del", "foreign0")


def test_a_foreign_default_route_is_not_pushed_aside(house):
    """Who replaces a container's default route gets it; the log names it, and ours comes back after it."""
    web = house.container("web")
    ours = web.default_route()
    web.run("ip", "route", "replace", "default", "via", "10.1.0.77")
    until(lambda: "can't be restored" in house.log_text(), SOON, what="a word about it")
    assert web.default_route()[0] == "10.1.0.77"
    web.run("ip", "route", "del", "default")
    until(lambda: web.default_route() == ours, 8, what="our route")
    until(lambda: house.plan() == [], SOON, what="an empty plan")


def test_foreign_rules_go_but_not_in_user_chains(house):
    before = house.table()
    house.space.run("nft", "insert", "rule", "inet", "fairlead", "forward", "accept")
    until(lambda: rules(house) == before, SOON, what="the end of the foreign rule")
    house.space.run("nft", "add", "element", "inet", "fairlead", "outbound", "{ ipv4 . \"foreign0\" }")
    until(lambda: rules(house) == before, SOON, what="the end of the foreign element")
    house.space.run("nft", "add", "rule", "inet", "fairlead", "user-forward", "ip", "saddr", "203.0.113.9", "drop")
    house.space.run("nft", "insert", "rule", "inet", "fairlead", "guard", "accept")
    rule = house.space.run("nft", "list", "chain", "inet", "fairlead", "user-forward")
    until(lambda: "foreign" in house.log_text() or "repair table" in house.log_text(), SOON, what="a word about it")
    time.sleep(0.3)
    assert "203.0.113.9" in rule and house.space.run("nft", "list", "chain", "inet", "fairlead", "user-forward") == rule
    assert house.plan() == []
    house.space.run("nft", "flush", "chain", "inet", "fairlead", "user-forward")
    until(lambda: "chain user-forward of table inet fairlead is empty" in house.log_text(), SOON, what="a word about the user chain")
    assert re.search(r"chain forward has 1 foreign rule\b", house.log_text())
    assert re.search(r"foreign element outbound { .*foreign0.* } was added and is removed", house.log_text())


def test_the_administrator_is_told_what_a_flush_took(house):
    before = house.table()
    house.space.run("nft", "add", "rule", "inet", "fairlead", "user-ingress", "ip", "saddr", "203.0.113.9", "drop")
    until(lambda: house.plan() == [], SOON, what="an empty plan")
    time.sleep(0.2)
    house.space.run("nft", "flush", "ruleset")
    until(lambda: rules(house) == before, SOON, what="the rules")
    until(lambda: "chain user-ingress of table inet fairlead is empty" in house.log_text(), SOON, what="a word about it")
    assert "user-forward of table" not in house.log_text()


def test_a_renamed_bridge_goes_with_its_network(house):
    """Deleted by the API in the very moment in which it has another name."""
    for turn in range(5):
        house.api.create_network("brief", "10.3.0.0/24")
        house.space.run("ip", "link", "set", bridge(house, "brief"), "name", f"else{turn}")
        house.api.remove_network("brief")
    until(lambda: not [n for n in house.links() if n.startswith("else")], SOON, what="the end of the bridges")
    until(lambda: house.plan() == [], SOON, what="an empty plan")
    assert not [link for link in house.links().values() if "10.3.0.1" in str(link)]


def test_what_clients_do_is_no_loss(house):
    """The daemon's own changes are not taken for losses."""
    api = house.api
    for index in range(5):
        api.create_network(f"n{index}", f"10.{index + 30}.0.0/24")
        api.run(f"c{index}", f"n{index}")
    api.clear()
    time.sleep(1)
    assert "lost and restored" not in house.log_text()
    assert "can't be restored" not in house.log_text()
    assert "left alone" not in house.log_text()
