"""Killed before and after every step of what is done with an adopted namespace: afterwards store and kernel agree, what is
foreign inside is as it was, and no namespace lives on."""

import pytest
from rig.agreement import agrees
from rig.guests import Named, holds_nothing, tether
from rig.namespaces import Space, until
from test_kills import Operation, gated, gone, killed_at_every_step, running, struck_down

LABEL = {"io.fairlead.netns": "/run/netns/guest"}


def a_container(api):
    api.create_network("front", ["10.1.0.0/24", "fd00:1::/64"], EnableIPv6=True)
    api.create("web", "front", Labels=LABEL)


def a_running_one(api):
    a_container(api)
    api.start("web")


OPERATIONS = {
    "start": Operation(a_container, lambda api: api.post("/containers/web/start"), running),
    "stop": Operation(a_running_one, lambda api: api.post("/containers/web/stop"), gone(running)),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_killed_at_every_step(new_daemon, name):
    operation, far = OPERATIONS[name], Space("far")
    daemon = gated(new_daemon())
    guest = Named(daemon.space, "guest")
    try:
        guest.run("ip", "link", "add", "eth0", "type", "bridge")
        guest.run("ip", "link", "set", "lo", "up")
        guests = {guest.inside: (guest, ("lo", "eth0"))}

        def check(daemon):
            agrees(daemon, guests=guests)
            holds_nothing(daemon)

        lines = killed_at_every_step(daemon, operation, check)
        tether(guest, far, "far0")
        struck_down(daemon, operation, len(lines) // 2)
        guest.end()
        until(lambda: "far0" not in far.links(), 10, what="the end of the namespace")
        gated(daemon)
        agrees(daemon)
        assert daemon.plan() == []
    finally:
        guest.end()
        far.end()
