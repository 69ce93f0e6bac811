"""`/events`: what is told, when, to whom, and how long."""

import json
import time

import pytest
from rig.http import query


def history(api, since, filters=None, version="", until=None):
    until = until or f"{time.time():.6f}"
    reply = api.expect(200, "GET", f"{version}/events{query(since=since, until=until, filters=filters)}")
    return [json.loads(line) for line in reply.text.splitlines()]


@pytest.fixture
def since():
    return f"{time.time():.6f}"


def brief(events):
    return [(event["Type"], event["Action"]) for event in events]


def test_a_network_s_life(api, since):
    network = api.create_network("n", Labels={"secret": "label"})
    api.remove_network("n")
    events = history(api, since)
    assert brief(events) == [("network", "create"), ("network", "destroy")]
    for event in events:
        assert event["Actor"] == {"ID": network, "Attributes": {"name": "n", "type": "bridge"}}
        assert event["scope"] == "local"
        assert event["time"] == event["timeNano"] // 10**9
        assert not {"status", "id", "from"} & set(event)


def test_config_only(api, since):
    api.create_network("c", ConfigOnly=True)
    api.remove_network("c")
    events = history(api, since)
    assert brief(events) == [("network", "create")]
    assert events[0]["Actor"]["Attributes"]["type"] == "null"


def test_connecting(api, since):
    network = api.create_network("n")
    other = api.create_network("o")
    box = api.create("box", "n")
    api.connect_network("o", "box")
    assert brief(history(api, since))[2:] == [("container", "create")], "changes to a stopped container are silent"
    api.start("box")
    events = history(api, since)[3:]
    assert brief(events) == [("network", "connect"), ("network", "connect"), ("container", "start")]
    assert {event["Actor"]["ID"] for event in events[:2]} == {network, other}
    for event in events[:2]:
        assert event["Actor"]["Attributes"]["container"] == box
        assert set(event["Actor"]["Attributes"]) == {"container", "name", "type"}
    since = f"{time.time():.6f}"
    api.disconnect_network("o", "box")
    api.connect_network("o", "box")
    assert brief(history(api, since)) == [("network", "disconnect"), ("network", "connect")]
    since = f"{time.time():.6f}"
    api.stop("box")
    told = brief(history(api, since))
    assert told[0] == ("container", "kill") and told[-1] == ("container", "stop")
    assert sorted(told[1:-1]) == [("container", "die"), ("network", "disconnect"), ("network", "disconnect")]
    since = f"{time.time():.6f}"
    api.expect(204, "DELETE", "/containers/box")
    assert brief(history(api, since)) == [("container", "destroy")]


def test_failures_are_silent(api, since):
    api.post("/networks/create", {"Name": ""})
    api.create("box", "nope")
    api.post("/containers/box/start")
    assert ("network", "connect") not in brief(history(api, since))
    assert ("container", "start") not in brief(history(api, since))


def test_prune(api, since):
    api.post("/networks/prune")
    api.create_network("n")
    api.post("/networks/prune")
    events = history(api, since, {"type": ["network"]})
    assert brief(events) == [("network", action) for action in ("prune", "create", "destroy", "prune")]
    assert events[-1]["Actor"] == {"ID": "", "Attributes": {"reclaimed": "0"}}


FILTERED = [
    ({"type": ["network"]}, {"network"}, None),
    ({"type": {"container": True}}, {"container"}, None),
    ({"event": ["connect"]}, {"network"}, {"connect"}),
    ({"event": ["conn"]}, set(), set()),
    ({"network": ["net"]}, {"network"}, None),
    ({"network": ["ne"]}, {"network"}, None),
    ({"network": ["x"]}, set(), set()),
    ({"container": ["box"]}, {"container"}, None),
    ({"type": ["network"], "event": ["create"]}, {"network"}, {"create"}),
    ({"label": ["colour=red"]}, {"container"}, None),
    ({"label": ["colour=blue"]}, set(), set()),
    ({"scope": ["swarm"]}, set(), set()),
    ({"nonsense": ["x"]}, {"network", "container"}, None),
]


@pytest.mark.parametrize("filters, types, actions", FILTERED, ids=[json.dumps(each[0]) for each in FILTERED])
def test_filters(api, since, filters, types, actions):
    api.create_network("net")
    api.run("box", "net", Labels={"colour": "red"})
    events = history(api, since, filters)
    assert {event["Type"] for event in events} == types
    if actions is not None:
        assert {event["Action"] for event in events} == actions


def test_until_in_the_past_ends_the_stream(api, since):
    api.create_network("n")
    later = f"{time.time():.6f}"
    api.create_network("m")
    assert len(history(api, since, until=later)) == 1


def test_history_is_256_events(api, since):
    for _ in range(150):
        api.create_network("n", "10.44.0.0/24")
        api.remove_network("n")
    assert len(history(api, since)) == 256


TYPES = {
    ("/v1.51", None): "application/json",
    ("/v1.52", None): "application/jsonl",
    ("/v1.52", "application/x-ndjson"): "application/x-ndjson",
    ("/v1.52", "application/json-seq"): "application/json-seq",
}


@pytest.mark.parametrize("version, accept", TYPES, ids=str)
def test_content_type(api, since, version, accept):
    api.create_network("n")
    target = f"{version}/events{query(since=since, until=f'{time.time():.6f}')}"
    reply = api.expect(200, "GET", target, headers={"Accept": accept} if accept else {})
    assert reply.header("Content-Type") == TYPES[version, accept]
    assert reply.body.startswith(b"\x1e{" if accept == "application/json-seq" else b"{")


def test_old_fields_of_container_events_before_1_52(api, since):
    box = api.create("box")
    event = history(api, since, {"type": ["container"]}, "/v1.51")[0]
    assert (event["status"], event["id"]) == ("create", box)
    assert "status" not in history(api, since, {"type": ["container"]}, "/v1.52")[0]


def test_the_stream_follows(api):
    """Headers come at once, each event when it happens, the end at `until`."""
    started = time.monotonic()
    connection, response = api.open("GET", f"/events?until={time.time() + 3:.6f}", timeout=10)
    assert time.monotonic() - started < 2, "headers are flushed before the first event"
    network = api.create_network("live")
    event = json.loads(response.readline())
    assert (event["Action"], event["Actor"]["ID"]) == ("create", network)
    assert time.monotonic() - started < 3, "an event is told when it happens"
    assert response.read() == b""
    assert 2 < time.monotonic() - started < 6
    connection.close()


def test_a_listener_that_went_away_is_forgotten(daemon):
    before = daemon.descriptors()
    for _ in range(20):
        connection, _ = daemon.api.open("GET", "/events")
        connection.close()
    for number in range(3):
        daemon.api.create_network(f"n{number}")
    deadline = time.monotonic() + 10
    while daemon.descriptors() > before + 2:
        assert time.monotonic() < deadline, f"{daemon.descriptors()} descriptors, {before} before"
        time.sleep(0.05)
