"""`GET /networks?filters=…` in both encodings."""

import json
import time

import pytest
from rig.http import query


def names(api, filters=None):
    return sorted(network["Name"] for network in api.expect(200, "GET", f"/networks{query(filters=filters)}").json)


@pytest.fixture(scope="module")
def listed(module_daemon):
    """A few networks that only the filter tests use."""
    api = module_daemon.api
    api.clear()
    ids = {
        "front": api.create_network("front", Labels={"team": "a", "tier": "web"}),
        "back": api.create_network("back", Labels={"team": "b"}),
        "mybridge": api.create_network("mybridge", Internal=True),
        "source": api.create_network("source", ConfigOnly=True),
    }
    api.run("user", "front")
    yield api, ids
    api.clear()


PREDEFINED = ["bridge", "host", "none"]
FILTERS = [
    ({"name": ["front"]}, ["front"]),
    ({"name": {"front": True}}, ["front"]),
    ({"name": ["bridge"]}, ["bridge", "mybridge"]),
    ({"name": ["^bridge$"]}, ["bridge"]),
    ({"name": ["^b"]}, ["back", "bridge"]),
    ({"name": ["["]}, []),
    ({"name": ["front", "back"]}, ["back", "front"]),
    ({"name": []}, ["back", "bridge", "front", "host", "mybridge", "none", "source"]),
    ({"name": ["fr.*t"]}, ["front"]),
    ({"name": ["FRONT"]}, []),
    ({"driver": ["null"]}, ["none", "source"]),
    ({"driver": ["bridge"], "type": ["custom"]}, ["back", "front", "mybridge"]),
    ({"driver": ["brid"]}, []),
    ({"driver": {"host": False}}, []),
    ({"type": ["builtin"]}, PREDEFINED),
    ({"type": ["custom"]}, ["back", "front", "mybridge", "source"]),
    ({"label": ["team"]}, ["back", "front"]),
    ({"label": ["team=a"]}, ["front"]),
    ({"label": ["team", "tier"]}, ["front"]),
    ({"label": ["team=a", "team=b"]}, []),
    ({"label": {"team=b": True}}, ["back"]),
    ({"label": {"team=b": False}}, ["back"]),
    ({"scope": ["local"], "name": ["front"]}, ["front"]),
    ({"scope": ["swarm"]}, []),
    ({"dangling": ["true"]}, ["back", "mybridge", "source"]),
    ({"dangling": ["1"]}, ["back", "mybridge", "source"]),
    ({"dangling": ["false"]}, ["bridge", "front", "host", "none"]),
    ({"dangling": {"0": True}}, ["bridge", "front", "host", "none"]),
    ({}, ["back", "bridge", "front", "host", "mybridge", "none", "source"]),
]


@pytest.mark.parametrize("filters, expected", FILTERS, ids=[json.dumps(case[0]) for case in FILTERS])
def test_filters(listed, filters, expected):
    assert names(listed[0], filters) == expected


def test_filter_by_id(listed):
    api, ids = listed
    for term in (ids["front"], ids["front"][:20], ids["front"][5:30], ids["front"][-9:], "^" + ids["front"]):
        assert names(api, {"id": [term]}) == ["front"], term
    assert names(api, {"id": [ids["front"], ids["back"]]}) == ["back", "front"]
    assert names(api, {"id": ["x"]}) == []


def test_no_filters(listed):
    assert len(listed[0].get("/networks?filters=").json) == 7


def test_a_hostile_pattern_costs_nothing(listed):
    started = time.monotonic()
    names(listed[0], {"name": ["(a*)*" * 20 + "$", "(x+x+)+y"], "id": ["(.*)*b" * 20]})
    assert time.monotonic() - started < 2
