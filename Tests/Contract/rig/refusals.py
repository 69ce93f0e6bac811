"""Tables of refusals: (name, method, target, body, status, message), compared letter for letter.

`$NAME` in target, body and message stands for the id or name of something in the daemon's `names`; a message that is a
compiled pattern must match as a whole.
"""

import re

import pytest


def furnish(daemon) -> dict:
    """One of each thing that refusals are about; the names for `$NAME`."""
    api, ids = daemon.api, {}
    ids["FRONT"] = api.create_network("front", "172.28.0.0/16")
    ids["BACK"] = api.create_network("back", "172.29.0.0/16")
    ids["TINY"] = api.create_network("tiny", "172.30.0.0/30")
    ids["ALONE"] = api.create_network("alone", "172.30.1.1/32")
    ids["SIX"] = api.create_network("six", ["fd00:6::/64"], EnableIPv6=True)
    ids["NAMED"] = api.create_network("named", Options={"com.docker.network.bridge.name": "named0"})
    api.create_network("source", "172.31.7.0/24", ConfigOnly=True)
    api.create_network("used-source", "172.31.8.0/24", ConfigOnly=True)
    api.create_network("user", ConfigFrom={"Network": "used-source"})
    ids["WEB"] = api.run("web", "front")
    ids["FULL"] = api.run("full", "tiny")
    ids["STOPPED"] = api.create("stopped", "front")
    ids["EXITED"] = api.run("exited", "front")
    api.stop("exited")
    ids["SHARER"] = api.run("sharer", "container:web")
    ids["HOSTED"] = api.run("hosted", "host")
    ids["LONELY"] = api.run("lonely", "none")
    ids["BRIDGED"] = api.run("bridged", "bridge")
    daemon.space.run("ip", "link", "add", "notbridge", "type", "veth", "peer", "name", "notbridge1")
    daemon.space.run("ip", "link", "add", "oldbridge", "type", "bridge")
    daemon.space.run("ip", "addr", "add", "10.99.0.1/24", "dev", "oldbridge")
    ids["NETPREFIX"], ids["NETCOUNT"] = _ambiguous(lambda n: api.create_network(f"extra{n}"), api, "/networks")
    ids["BOXPREFIX"], _ = _ambiguous(lambda n: api.create(f"extra{n}"), api, "/containers/json?all=1")
    ids["WEBEP"] = api.endpoint("web", "front")["EndpointID"][:12]
    return ids


def _ambiguous(make, api, target):
    """Makes objects until two ids begin with the same digit; that digit, and how many begin with it."""
    for number in range(17):
        digits = [each["Id"][0] for each in api.get(target).json]
        twice = [digit for digit in digits if digits.count(digit) > 1]
        if twice:
            return twice[0], str(digits.count(twice[0]))
        make(number)
    raise AssertionError("17 ids with 16 first digits are all different")


SETTINGS = "invalid endpoint settings:\n"


def fill(template, names):
    if isinstance(template, re.Pattern):
        return re.compile(fill(template.pattern, names), re.DOTALL)
    if isinstance(template, str):
        return re.sub(r"\$([A-Z]+)", lambda found: names[found[1]], template)
    if isinstance(template, dict):
        return {fill(key, names): fill(value, names) for key, value in template.items()}
    return [fill(each, names) for each in template] if isinstance(template, list) else template


def check(daemon, method, target, body, status, message, headers=None, chunked=False):
    names = getattr(daemon, "names", {})
    reply = daemon.api.request(method, fill(target, names), fill(body, names), headers=headers, chunked=chunked)
    message = fill(message, names)
    assert reply.status == status, f"expected {status} {message!r}, got {reply}"
    assert reply.header("Content-Type") == "application/json", reply.headers
    assert reply.body.endswith(b"}\n") and list(reply.json) == ["message"], reply
    if isinstance(message, re.Pattern):
        assert message.fullmatch(reply.message), f"expected /{message.pattern}/, got {reply.message!r}"
    else:
        assert reply.message == message, reply


def table(cases):
    return pytest.mark.parametrize(
        "method, target, body, status, message", [case[1:] for case in cases], ids=[case[0] for case in cases]
    )
