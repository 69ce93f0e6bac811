"""What is lost while the daemon runs comes back, and what is not ours stays as it is."""

import time

import pytest
from rig.namespaces import until

# The promise is 100 ms; a test only has to be sure that nobody waited for a timer (10 s).
SOON = 3.0


@pytest.fixture
def house(new_daemon):
    daemon = new_daemon(outside=True).start()
    api = daemon.api
    api.create_network("front", ["10.1.0.0/24", "fd00:1::/64"], EnableIPv6=True)
    api.create_network("back", "10.2.0.0/24")
    api.run("web", "front")
    api.run("app", "front", NetworkingConfig={"EndpointsConfig": {"front": {}, "back": {}}})
    api.run("there", "back")
    until(lambda: daemon.plan() == [], what="an empty plan")
    # Duplicate detection of link-local addresses changes links by itself for a second.
    until(lambda: "tentative" not in daemon.container("web").run("ip", "-6", "addr"), what="the end of duplicate detection")
    return daemon


def bridge(daemon, name):
    return f"br-{daemon.api.inspect_network(name)['Id'][:12]}"


def port(daemon, container, network):
    """The host end of an endpoint."""
    alias = f"fairlead:{daemon.api.inspect_network(network)['Id']}:"
    index = daemon.container(container).links()
    mine = {link["link_index"] for link in index.values() if "link_index" in link}
    found = [name for name, link in daemon.links().items() if link["ifalias"].startswith(alias) and link["ifindex"] in mine]
    assert len(found) == 1, found
    return found[0]


def eth(daemon, container, address):
    """The interface in the container that has the address."""
    space = daemon.container(container)
    return next(name for name in space.links() if address in str(space.addresses(name)))


def whole(daemon):
    """Everything that ours is, as others' tools see it."""
    def essence(space, links):
        return {
            name: (link["address"], link.get("master"), link.get("ifalias"), "UP" in link["flags"], link["mtu"],
                   sorted(space.addresses(name)))
            for name, link in links.items()
        }

    return {
        "links": essence(daemon.space, daemon.links()), "table": daemon.table(),
        "inside": {name: essence(daemon.container(name), daemon.container(name).links()) for name in ("web", "app", "there")},
        "routes": {name: daemon.container(name).default_route() for name in ("web", "app", "there")},
    }


def rules(daemon):
    """The table, or that it isn't there."""
    try:
        return daemon.table()
    except AssertionError as error:
        return str(error)


def heals(daemon, before, what):
    def same():
        try:
            now = whole(daemon)
        except AssertionError:
            return None  # Something that was listed is gone by now.
        return now == before or ([key for key in before if before[key] != now[key]] and None)

    try:
        until(same, SOON, what=what)
    except AssertionError as error:
        raise AssertionError(f"{error}\nto do: {daemon.plan()}\n{daemon.log_tail()}") from None
    assert daemon.plan() == []


LOSSES = {
    "the ruleset": lambda d: d.space.run("nft", "flush", "ruleset"),
    "the table": lambda d: d.space.run("nft", "delete", "table", "inet", "fairlead"),
    "one chain's rules": lambda d: d.space.run("nft", "flush", "chain", "inet", "fairlead", "forward"),
    "the elements of a set": lambda d: d.space.run("nft", "flush", "set", "inet", "fairlead", "protected"),
    "a bridge": lambda d: d.space.run("ip", "link", "del", bridge(d, "front")),
    "all bridges at once": lambda d: [d.space.run("ip", "link", "del", bridge(d, n)) for n in ("front", "back")],
    "a veth": lambda d: d.space.run("ip", "link", "del", port(d, "web", "front")),
    "a veth, from inside": lambda d: d.container("app").run("ip", "link", "del", eth(d, "app", "10.2.0.")),
    "a bridge's address": lambda d: d.space.run("ip", "addr", "flush", "dev", bridge(d, "front"), "scope", "global"),
    "a container's address": lambda d: d.container("web").run("ip", "addr", "del", "10.1.0.2/24", "dev", "eth0"),
    "a container's IPv6 address": lambda d: d.container("web").run("ip", "-6", "addr", "flush", "dev", "eth0", "scope", "global"),
    "a default route": lambda d: d.container("web").run("ip", "route", "del", "default"),
    "a master": lambda d: d.space.run("ip", "link", "set", port(d, "web", "front"), "nomaster"),
    "an alias": lambda d: d.space.run("ip", "link", "set", bridge(d, "back"), "alias", "mine"),
    "being up": lambda d: d.space.run("ip", "link", "set", bridge(d, "front"), "down"),
    "being up, inside": lambda d: d.container("web").run("ip", "link", "set", "eth0", "down"),
    "lo's being up": lambda d: d.container("web").run("ip", "link", "set", "lo", "down"),
    "a MAC address": lambda d: d.space.run("ip", "link", "set", bridge(d, "front"), "address", "02:00:00:00:00:01"),
    "a name": lambda d: [d.space.run("ip", "link", "set", bridge(d, "back"), "down"),
                         d.space.run("ip", "link", "set", bridge(d, "back"), "name", "elsewhere")],
}


@pytest.mark.parametrize("loss", LOSSES, ids=lambda name: name.replace(" ", "-"))
def test_it_comes_back(house, loss):
    before = whole(house)
    LOSSES[loss](house)
    heals(house, before, f"the return of {loss}")
    assert "lost and restored" in house.log_text()
    assert house.container("web").pings("10.1.0.1") and house.container("web").pings("192.0.2.2")
    assert not house.container("web").pings("10.2.0.2", 0.7)


def test_announced_sysctls(house):
    """Forwarding is announced, so nobody waits for the regular look."""
    house.space.set_sysctl("net/ipv4/ip_forward", 0)
    until(lambda: house.space.sysctl("net/ipv4/ip_forward") == "1", SOON, what="forwarding")
    house.container("there").set_sysctl("net/ipv6/conf/eth0/disable_ipv6", 0)
    until(lambda: house.container("there").sysctl("net/ipv6/conf/eth0/disable_ipv6") == "1", SOON + 10, what="no IPv6")


def test_silent_sysctls(house):
    path = f"net/ipv6/conf/{bridge(house, 'front')}/accept_ra"
    assert house.space.sysctl(path) == "0"
    house.space.set_sysctl(path, 2)
    until(lambda: house.space.sysctl(path) == "0", 13, what="accept_ra")


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


def test_connections_of_the_gap_end(house):
    """Nothing that began while the rules were away goes on once they are back."""
    house.space.run("nft", "flush", "ruleset")
    until(lambda: house.plan() == [], SOON, what="the rules")
    # A connection that the rules don't allow, as if it had begun in the gap.
    before = house.table()
    house.space.run(
        "conntrack", "-I", "-p", "tcp", "-s", "192.0.2.2", "-d", "10.1.0.2", "--sport", "4000", "--dport", "80",
        "--state", "ESTABLISHED", "-u", "ASSURED,SEEN_REPLY", "-t", "600")
    house.space.run(
        "conntrack", "-I", "-p", "tcp", "-s", "10.1.0.2", "-d", "10.1.0.3", "--sport", "4001", "--dport", "80",
        "--state", "ESTABLISHED", "-u", "ASSURED,SEEN_REPLY", "-t", "600")
    house.space.run("nft", "delete", "table", "inet", "fairlead")
    until(lambda: rules(house) == before, SOON, what="the rules")
    until(lambda: "sport=4000" not in house.space.run("conntrack", "-L"), SOON, what="the connection's end")
    assert "sport=4001" in house.space.run("conntrack", "-L")


def test_a_fight_is_met_with_back_off(house):
    """Five losses in ten seconds: a warning that names object and culprit, then longer and longer waits."""
    space = house.container("web")
    for _ in range(5):
        until(lambda: "10.1.0.2/24" in space.addresses("eth0"), SOON, what="the address")
        space.run("ip", "addr", "del", "10.1.0.2/24", "dev", "eth0")
    until(lambda: "again and again" in house.log_text(), SOON, what="the warning")
    until(lambda: "10.1.0.2/24" in space.addresses("eth0"), SOON, what="the address")
    space.run("ip", "addr", "del", "10.1.0.2/24", "dev", "eth0")
    time.sleep(0.4)
    assert "10.1.0.2/24" not in space.addresses("eth0"), "it is healed as if there was no fight"
    # Others are healed all the same.
    before = house.table()
    house.space.run("nft", "flush", "ruleset")
    until(lambda: rules(house) == before, SOON, what="the rules")
    until(lambda: "10.1.0.2/24" in space.addresses("eth0"), 6, what="the address, at last")
    until(lambda: house.plan() == [], SOON, what="an empty plan")


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
