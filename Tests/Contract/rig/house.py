"""Two networks with three containers, and whether they are whole: what healing is tried on."""

import os

import pytest

from .daemon import Daemon
from .namespaces import until

# The promise is 100 ms; a test only has to be sure that nobody waited for a timer (10 s).
SOON = 3.0


@pytest.fixture
def house(estate):
    """The estate's daemon, started afresh: it remembers no fight, and its log tells of this test alone."""
    estate.stop()
    os.truncate(estate.log, 0)
    estate.start()
    yield estate
    estate.must_live()


@pytest.fixture(scope="module")
def estate():
    daemon = Daemon(outside=True)
    try:
        furnish(daemon)
    except BaseException:
        daemon.end()
        raise
    yield daemon
    daemon.farewell()


def furnish(daemon):
    daemon.start()
    api = daemon.api
    api.create_network("front", ["10.1.0.0/24", "fd00:1::/64"], EnableIPv6=True)
    api.create_network("back", "10.2.0.0/24", Options={"com.docker.network.driver.mtu": "1400"})
    api.run("web", "front")
    api.run("app", "front", NetworkingConfig={"EndpointsConfig": {"front": {}, "back": {}}})
    api.run("there", "back")
    until(lambda: daemon.plan() == [], what="an empty plan")
    # Duplicate detection of link-local addresses changes links by itself for a second.
    until(lambda: "tentative" not in daemon.container("web").run("ip", "-6", "addr"), what="the end of duplicate detection")


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
                   [link.get("linkinfo", {}).get("info_slave_data", {}).get(flag) for flag in ("isolated", "hairpin")],
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
