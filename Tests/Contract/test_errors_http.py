"""Every documented refusal of framing, bodies, lookups, events and stubs, provoked once."""

import json
import re

import pytest
from rig.refusals import check, table

P = re.compile


# --- 1. Common HTTP behaviour

OLD = "client version {} is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version"
NEW = "client version {} is too new. Maximum supported API version is 1.56"

COMMON = [
    ("too new", "GET", "/v1.57/networks", None, 400, NEW.format("1.57")),
    ("too new, major", "GET", "/v2/info", None, 400, NEW.format("2")),
    ("too new on a known path with an unknown id", "GET", "/v9.99/networks/x", None, 400, NEW.format("9.99")),
    ("unknown path", "GET", "/nope", None, 404, "page not found"),
    ("unknown path, version unchecked", "GET", "/v9.99/nope", None, 404, "page not found"),
    ("no version number", "GET", "/vx/networks", None, 404, "page not found"),
    ("wrong method", "PUT", "/networks", None, 404, "page not found"),
    ("wrong method, prefixed", "DELETE", "/v1.44/info", None, 404, "page not found"),
    ("trailing slash", "GET", "/info/", None, 404, "page not found"),
]


@table(COMMON)
def test_common(world, method, target, body, status, message):
    check(world, method, target, body, status, message)


def test_head_of_a_route_without_it(world):
    reply = world.api.request("HEAD", "/info")
    assert (reply.status, reply.body) == (404, b"")


@pytest.mark.parametrize("version", ["1.23", "1.5", "0.1"])
def test_errors_before_1_24_are_plain_text(world, version):
    reply = world.api.get(f"/v{version}/networks")
    assert reply.status == 400
    assert reply.header("Content-Type") == "text/plain; charset=utf-8"
    assert reply.header("X-Content-Type-Options") == "nosniff"
    assert reply.text == OLD.format(version) + "\n"
    assert reply.header("Api-Version") == "1.56"


def test_version_comparison_is_numeric(world):
    assert world.api.get("/v1.024/networks").status == 200, "1.024 is 1.24"
    assert world.api.get("/v1.44.9/networks").status == 200


# --- 1.6 Request bodies

BODIES = [
    ("no Content-Type", "{}", {"Content-Type": None}, "malformed Content-Type header (): mime: no media type"),
    ("bad Content-Type", "{}", {"Content-Type": "foo;;;bar"},
     "malformed Content-Type header (foo;;;bar): mime: invalid media parameter"),
    ("other Content-Type", "{}", {"Content-Type": "text/plain"},
     "unsupported Content-Type header (text/plain): must be 'application/json'"),
    ("other Content-Type without body", None, {"Content-Type": "text/plain", "Content-Length": "0"},
     "unsupported Content-Type header (text/plain): must be 'application/json'"),
    ("nothing at all is a zero struct", None, {"Content-Length": "0"}, "invalid name: name is empty"),
    ("nothing, said to be JSON", None, {"Content-Length": "0", "Content-Type": "application/json"},
     "invalid name: name is empty"),
    ("charset is fine", "{}", {"Content-Type": "application/json; charset=utf-8"}, "invalid name: name is empty"),
    ("null is a zero struct", "null", {}, "invalid name: name is empty"),
    ("bad key", "{x}", {}, "invalid JSON: invalid character 'x' looking for beginning of object key string"),
    ("bad value", "nope", {}, "invalid JSON: invalid character 'o' in literal null (expecting 'u')"),
    ("truncated", '{"Name":"a"', {}, "invalid JSON: unexpected EOF"),
    ("only blanks", "  ", {}, "invalid JSON: got EOF while reading request body"),
    ("second value", '{"Name":"a"} {}', {}, "unexpected content after JSON"),
    ("junk after", '{"Name":"a"} x', {}, "unexpected content after JSON"),
    ("blanks after are fine", "{}  \r\n\t", {}, "invalid name: name is empty"),
    ("a stray brace is unnoticed", "{}}", {}, "invalid name: name is empty"),
    ("a stray bracket is unnoticed", "{}]", {}, "invalid name: name is empty"),
    ("number for a string", '{"Name":1}', {},
     "invalid JSON: json: cannot unmarshal number into Go struct field CreateRequest.Name of type string"),
    ("array for a bool", '{"Internal":[]}', {},
     "invalid JSON: json: cannot unmarshal array into Go struct field CreateRequest.Internal of type bool"),
    ("string for a bool", '{"Internal":"yes"}', {},
     "invalid JSON: json: cannot unmarshal string into Go struct field CreateRequest.Internal of type bool"),
    ("bool for a map", '{"Labels":true}', {},
     "invalid JSON: json: cannot unmarshal bool into Go struct field CreateRequest.Labels of type map[string]string"),
    ("object for a string", '{"Driver":{}}', {},
     "invalid JSON: json: cannot unmarshal object into Go struct field CreateRequest.Driver of type string"),
    ("keys in any case, unknown ones ignored", '{"nAME":" ","CheckDuplicate":[1]}', {}, "invalid name: name is empty"),
    ("the last of two wins", '{"Name":"x","name":""}', {}, "invalid name: name is empty"),
    ("null leaves the default", '{"Name":null}', {}, "invalid name: name is empty"),
]


@pytest.mark.parametrize("body, headers, message", [case[1:] for case in BODIES], ids=[case[0] for case in BODIES])
def test_bodies(world, body, headers, message):
    check(world, "POST", "/networks/create", body, 400, message, headers=headers)


def test_chunked_body_of_nothing(world):
    check(world, "POST", "/networks/create", None, 400, "invalid JSON: got EOF while reading request body",
          headers={"Content-Type": "application/json"}, chunked=True)


def subnet(text, **more):
    return {"Name": "x", "IPAM": {"Config": [{"Subnet": text, **more}]}}


PARSING = [
    ("prefix without mask", "/networks/create", subnet("10.0.0.0"), 'netip.ParsePrefix("10.0.0.0"): no \'/\''),
    ("prefix too long", "/networks/create", subnet("10.0.0.0/65"),
     'netip.ParsePrefix("10.0.0.0/65"): prefix length out of range'),
    ("prefix length no number", "/networks/create", subnet("10.0.0.0/x"),
     'netip.ParsePrefix("10.0.0.0/x"): bad bits after slash: "x"'),
    ("prefix with zone", "/networks/create", subnet("fe80::1%eth0/64"),
     'netip.ParsePrefix("fe80::1%eth0/64"): IPv6 zones cannot be present in a prefix'),
    ("bad address", "/networks/create", subnet("10.0.0.0/8", Gateway="foo"), 'ParseAddr("foo"): unable to parse IP'),
    ("leading zero", "/networks/create", subnet("10.0.0.0/8", Gateway="10.01.0.1"),
     'ParseAddr("10.01.0.1"): IPv4 field has octet with leading zero'),
    ("bad range", "/networks/create", subnet("10.0.0.0/8", IPRange="10.0.0.0"),
     'netip.ParsePrefix("10.0.0.0"): no \'/\''),
    ("bad MAC", "/networks/front/connect", {"Container": "web", "EndpointConfig": {"MacAddress": "xx:xx"}},
     "address xx:xx: invalid MAC address"),
    ("bad static address", "/networks/front/connect",
     {"Container": "web", "EndpointConfig": {"IPAMConfig": {"IPv4Address": "bar"}}},
     'ParseAddr("bar"): unable to parse IP'),
    ("port no number", "/containers/create", {"Image": "scratch", "ExposedPorts": {"abc/tcp": {}}},
     "invalid port 'abc': invalid syntax"),
    ("port too big", "/containers/create", {"Image": "scratch", "ExposedPorts": {"70000/tcp": {}}},
     "invalid port '70000': value out of range"),
    ("port empty", "/containers/create", {"Image": "scratch", "ExposedPorts": {"/tcp": {}}},
     "invalid port '': value is empty"),
]


@pytest.mark.parametrize("target, body, message", [case[1:] for case in PARSING], ids=[case[0] for case in PARSING])
def test_addresses_are_parsed_while_decoding(world, target, body, message):
    check(world, "POST", target, body, 400, "invalid JSON: " + message)


# --- 2.2, 2.3, 2.7, 2.8: filters, lookups, removal, prune

LOOKUPS = [
    ("list: filter is no JSON", "GET", "/networks?filters=x", None, 400, "invalid filter"),
    ("list: filter is an array", "GET", "/networks?filters=[]", None, 400, "invalid filter"),
    ("list: unknown key", "GET", '/networks?filters={"nope":["x"]}', None, 400, "invalid filter 'nope'"),
    ("list: two dangling values", "GET", '/networks?filters={"dangling":["true","false"]}', None, 400,
     'got more than one value for filter key "dangling"'),
    ("list: bad dangling", "GET", '/networks?filters={"dangling":["maybe"]}', None, 400,
     "invalid value for filter 'dangling', must be \"true\" (or \"1\"), or \"false\" (or \"0\")"),
    ("list: bad type", "GET", '/networks?filters={"type":["odd"]}', None, 500, "invalid filter: 'type'='odd'"),
    ("inspect: unknown", "GET", "/networks/nope", None, 404, "network nope not found"),
    ("inspect: a name with a slash", "GET", "/networks/a%2Fb", None, 404, "network a/b not found"),
    ("inspect: create is a name here", "GET", "/networks/create", None, 404, "network create not found"),
    ("inspect: prune is a name here", "GET", "/networks/prune", None, 404, "network prune not found"),
    ("inspect: ambiguous", "GET", "/networks/$NETPREFIX", None, 400,
     "$NETCOUNT matches found based on ID prefix: network $NETPREFIX is ambiguous"),
    ("inspect: bad verbose", "GET", "/networks/front?verbose=yes", None, 400,
     'invalid value for verbose: yes: strconv.ParseBool: parsing "yes": invalid syntax'),
    ("inspect: other scope", "GET", "/networks/front?scope=global", None, 404, "network front not found"),
    ("inspect: no such scope", "GET", "/networks/front?scope=odd", None, 404, "network front not found"),
    ("inspect: names are case-sensitive", "GET", "/networks/FRONT", None, 404, "network FRONT not found"),
    ("remove: unknown", "DELETE", "/networks/nope", None, 404, "network nope not found"),
    ("remove: ambiguous", "DELETE", "/networks/$NETPREFIX", None, 400,
     "network $NETPREFIX is ambiguous ($NETCOUNT matches found based on ID prefix)"),
    ("remove: bridge", "DELETE", "/networks/bridge", None, 403,
     "bridge is a pre-defined network and cannot be removed"),
    ("remove: host", "DELETE", "/networks/host", None, 403, "host is a pre-defined network and cannot be removed"),
    ("remove: none", "DELETE", "/networks/none", None, 403, "none is a pre-defined network and cannot be removed"),
    ("remove: in use", "DELETE", "/networks/front", None, 403,
     'error while removing network: network front has active endpoints (name:"web" id:"$WEBEP")'),
    ("remove: config-only in use", "DELETE", "/networks/used-source", None, 403,
     'error while removing network: configuration network "used-source" is in use'),
    ("prune: bad filter", "POST", "/networks/prune?filters=x", None, 400, "invalid filter"),
    ("prune: unknown key", "POST", '/networks/prune?filters={"name":["x"]}', None, 400, "invalid filter 'name'"),
    ("prune: two untils", "POST", '/networks/prune?filters={"until":["1h","2h"]}', None, 400,
     "more than one until filter specified"),
    ("prune: empty until", "POST", '/networks/prune?filters={"until":[""]}', None, 400,
     "failed to parse value as time or duration: value is empty"),
    ("prune: odd until", "POST", '/networks/prune?filters={"until":["odd"]}', None, 400,
     P("(failed to parse value as time or duration|invalid value for \"until\" filter|.*odd).*")),
]


@table(LOOKUPS)
def test_lookups(world, method, target, body, status, message):
    check(world, method, target.replace('"', "%22").replace("{", "%7B").replace("}", "%7D"), body, status, message)


# --- 8 events, and what is not there

EVENTS = [
    ("bad since", "GET", "/events?since=odd", None, 400, P("invalid value for 'since': invalid timestamp \"odd\".*")),
    ("bad until", "GET", "/events?until=odd", None, 400, P("invalid value for 'until': invalid timestamp \"odd\".*")),
    ("until before since", "GET", "/events?since=20&until=10", None, 400,
     P(r"`since` time \(20.*\) cannot be after `until` time \(10.*\)")),
    ("bad filters", "GET", "/events?until=1&filters=x", None, 400, "invalid filter"),
    ("containers: bad filters", "GET", "/containers/json?filters=x", None, 400, "invalid filter"),
    ("containers: unknown filter", "GET", "/containers/json?filters=%7B%22odd%22:[%22x%22]%7D", None, 400,
     "invalid filter 'odd'"),
    *[(f"swarm {method} {target}", method, target, None, 503, "This node is not part of a swarm") for method, target in
      (("GET", "/swarm"), ("POST", "/swarm/leave?force=true"), ("GET", "/services"), ("GET", "/tasks"), ("GET", "/nodes"))],
]


@table(EVENTS)
def test_events_and_stubs(world, method, target, body, status, message):
    check(world, method, target, body, status, message)


def test_prunes_exclude_each_other(daemon):
    """Two prunes at once: one does it, the other says so, or both find the field clear."""
    from concurrent.futures import ThreadPoolExecutor

    for number in range(30):
        daemon.api.create_network(f"p{number}", f"10.80.{number}.0/24")
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: daemon.api.post("/networks/prune", timeout=60), range(8)))
    done = [reply for reply in replies if reply.status == 200]
    others = [reply for reply in replies if reply.status != 200]
    assert done and sorted(sum((reply.json["NetworksDeleted"] or [] for reply in done), [])) == sorted(
        f"p{number}" for number in range(30)
    )
    assert all((r.status, r.message) == (409, "a prune operation is already running") for r in others), others


def test_invariants_of_every_error(world):
    """Docker's headers are on every routed refusal (12.1), and nothing but the message in its body."""
    reply = world.api.get("/networks/nope")
    assert reply.header("Api-Version") == "1.56"
    assert reply.header("Ostype") == "linux"
    assert reply.header("Docker-Experimental") == "false"
    assert re.fullmatch(r"Docker/\S+ \(linux\)", reply.header("Server"))
    assert reply.text == json.dumps({"message": "network nope not found"}, separators=(",", ":")) + "\n"
