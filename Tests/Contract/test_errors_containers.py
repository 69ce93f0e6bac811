"""Every documented refusal of the container routes, provoked once; none leaves anything behind."""

import re

import pytest
from rig.refusals import SETTINGS, check, fill, table

P = re.compile


# --- 2.9, 6.1: containers


def container(name, status, message, **fields):
    return (name, "POST", "/containers/create", {"Image": "scratch", **fields}, status, message)


def mode(name, message, network, host=None, **fields):
    return container(name, 400, message, HostConfig={"NetworkMode": network, **(host or {})}, **fields)


PORTS = {"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}}

CONTAINERS = [
    ("name taken", "POST", "/containers/create?name=web", {"Image": "scratch"}, 409,
     'Conflict. The container name "/web" is already in use by container "$WEB". You have to remove (or rename) that '
     "container to be able to reuse that name."),
    container("image", 404, P("No such image: alpine.*"), Image="alpine"),
    container("null endpoint", 400, "invalid config for network back: EndpointsConfig is nil",
              NetworkingConfig={"EndpointsConfig": {"back": None}}),
    container("bad endpoint", 400, "invalid config for network back: " + SETTINGS +
              "* invalid IPv4 address: 0.0.0.0\n* no configured subnet contains IP address 0.0.0.0",
              NetworkingConfig={"EndpointsConfig": {"back": {"IPAMConfig": {"IPv4Address": "0.0.0.0"}}}}),
    ("several endpoints before 1.44", "POST", "/v1.43/containers/create", {"Image": "scratch", "NetworkingConfig":
     {"EndpointsConfig": {"front": {}, "back": {}}}}, 400,
     P("Container cannot be created with multiple network endpoints: (front, back|back, front)")),
    mode("container without a name", "invalid network mode: invalid container format container:<name|id>", "container:"),
    mode("hostname in a shared namespace", "conflicting options: hostname and the network mode", "container:web", Hostname="h"),
    mode("links in a shared namespace", "conflicting options: container type network can't be used with links. This would "
         "result in undefined behavior", "container:web", {"Links": ["web:w"]}),
    mode("DNS in a shared namespace", "conflicting options: dns and the network mode", "container:web", {"Dns": ["192.0.2.3"]}),
    mode("hosts in a shared namespace", "conflicting options: custom host-to-IP mapping and the network mode",
         "container:web", {"ExtraHosts": ["a:192.0.2.3"]}),
    mode("publishing in a shared namespace", "conflicting options: port publishing and the container type network mode",
         "container:web", PORTS),
    mode("exposing in a shared namespace", "conflicting options: port exposing and the container type network mode",
         "container:web", ExposedPorts={"80/tcp": {}}),
    mode("hostname with the host's UTS", "conflicting options: hostname and the UTS mode", "bridge", {"UTSMode": "host"},
         Hostname="h"),
    mode("links on host", "conflicting options: host type networking can't be used with links. This would result in "
         "undefined behavior", "host", {"Links": ["web:w"]}),
    ("MAC mismatch", "POST", "/v1.45/containers/create", {"Image": "scratch", "MacAddress": "02:00:00:00:00:01",
     "HostConfig": {"NetworkMode": "back"}, "NetworkingConfig": {"EndpointsConfig": {"back": {"MacAddress":
     "02:00:00:00:00:02"}}}}, 400, "the container-wide MAC address must match the endpoint-specific MAC address for the "
     "main network, or be left empty"),
    container("sysctl of an interface", 500, "interface specific sysctl setting \"net.ipv4.conf.eth0.forwarding\" must be "
              "supplied using driver option 'com.docker.network.endpoint.sysctls'",
              HostConfig={"Sysctls": {"net.ipv4.conf.eth0.forwarding": "1"}}),
    container("port 0", 400, 'invalid port specification: "0/tcp"',
              HostConfig={"PortBindings": {"0/tcp": [{"HostPort": "8080"}]}}),
    container("bad host port", 400, 'invalid port specification: "odd"',
              HostConfig={"PortBindings": {"80/tcp": [{"HostPort": "odd"}]}}),
    *[(f"{method} {target}", method, f"/containers/{target}", None, 404, "No such container: nope") for method, target in (
        ("GET", "nope/json"), ("POST", "nope/start"), ("POST", "nope/stop"), ("POST", "nope/kill"), ("POST", "nope/restart"),
        ("POST", "nope/wait"), ("POST", "nope/rename?name=x"), ("DELETE", "nope"))],
    ("inspect: ambiguous", "GET", "/containers/$BOXPREFIX/json", None, 400,
     "multiple IDs found with provided prefix: $BOXPREFIX"),
    ("remove: running", "DELETE", "/containers/web", None, 409,
     P('cannot remove container "/?web": container is running: stop the container before removing or force remove')),
    ("rename: taken", "POST", "/containers/web/rename?name=stopped", None, 409, P(".*stopped.*already in use.*")),
]


@table(CONTAINERS)
def test_containers(world, method, target, body, status, message):
    before = world.traces()
    check(world, method, target, body, status, message)
    world.settles(before)


SETUP = "failed to set up container networking: "
STARTS = [
    ("network gone", 404, SETUP + "network nope not found", {"HostConfig": {"NetworkMode": "nope"}}),
    ("address taken", 403, SETUP + "Address already in use", {
        "HostConfig": {"NetworkMode": "back"},
        "NetworkingConfig": {"EndpointsConfig": {"back": {"IPAMConfig": {"IPv4Address": "172.29.0.1"}}}}}),
    ("pool full", 500, SETUP + "no available IPv4 addresses on this network's address pools: tiny ($TINY)",
     {"HostConfig": {"NetworkMode": "tiny"}}),
    ("config-only", 403, SETUP + "cannot create endpoint on configuration-only network", {"HostConfig": {"NetworkMode": "source"}}),
    ("own namespace", 500, "cannot join own network namespace", {"HostConfig": {"NetworkMode": "container:refused"}}),
    ("namespace of nobody", 500, "joining network namespace of container: No such container: nobody",
     {"HostConfig": {"NetworkMode": "container:nobody"}}),
    ("namespace of a stopped one", 409, "cannot join network namespace of a non running container: container exited is exited",
     {"HostConfig": {"NetworkMode": "container:exited"}}),
]


@pytest.mark.parametrize("status, message, fields", [case[1:] for case in STARTS], ids=[case[0] for case in STARTS])
def test_start(world, status, message, fields):
    """A refused start leaves the container as it was, with the reason."""
    before = world.traces()
    world.api.create("refused", **fields)
    try:
        check(world, "POST", "/containers/refused/start", None, status, message)
        state = world.api.inspect("refused")["State"]
        assert (state["Status"], state["ExitCode"], state["Error"]) == ("created", 128, fill(message, world.names))
    finally:
        world.api.expect(204, "DELETE", "/containers/refused?force=1")
    world.settles(before)


def test_start_on_a_removed_network(daemon):
    """Stopped containers do not keep a network; they fail to start without it."""
    daemon.api.create_network("gone")
    daemon.api.create("orphan", "gone")
    daemon.api.remove_network("gone")
    reply = daemon.api.post("/containers/orphan/start")
    assert (reply.status, reply.message) == (404, SETUP + "network gone not found")


def test_a_failed_start_removes_an_auto_remove_container(daemon):
    daemon.api.create("brief", "nope", HostConfig={"AutoRemove": True})
    assert daemon.api.post("/containers/brief/start").status == 404
    assert daemon.api.get("/containers/brief/json").status == 404


def test_a_running_container_conflicts_with_existing_routes(daemon):
    """An overlapping subnet is refused in the words of 3.8."""
    daemon.api.create_network("wide", "10.60.0.0/16")
    daemon.api.run("box", "wide")
    outer = daemon.container("box")
    outer.run("ip", "link", "add", "mine", "type", "bridge")
    outer.run("ip", "addr", "add", "10.61.0.77/24", "dev", "mine")
    outer.run("ip", "link", "set", "mine", "up")
    daemon.api.create_network("clash", "10.61.0.0/24")
    before = daemon.traces()
    body = {"Container": "box"}
    check(daemon, "POST", "/networks/clash/connect", body, 500, P(
        r".*cannot program address 10\.61\.0\.2/24 in sandbox interface because it conflicts with existing route .+"))
    daemon.settles(before)


