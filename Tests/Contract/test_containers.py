"""The life of a container that is a namespace: create to remove, wait, list."""

import json
import re
import threading
import time

import pytest
from rig.http import query
from rig.namespaces import until


def state(api, name):
    return api.inspect(name)["State"]


# --- life


def test_create(api):
    reply = api.expect(201, "POST", "/containers/create?name=box", {"Image": "scratch"})
    assert set(reply.json) == {"Id", "Warnings"} and reply.json["Warnings"] == []
    assert re.fullmatch("[0-9a-f]{64}", reply.json["Id"])
    shown = api.inspect("box")
    assert shown["Name"] == "/box" and shown["Id"] == reply.json["Id"]
    assert shown["State"]["Status"] == "created" and shown["State"]["Running"] is False
    assert shown["Config"]["Image"] == "scratch" and shown["HostConfig"]["NetworkMode"] == "bridge"
    assert shown["NetworkSettings"]["SandboxKey"] == shown["NetworkSettings"]["SandboxID"] == ""


def test_a_name_is_made_up(api):
    identifier = api.expect(201, "POST", "/containers/create", {"Image": ""}).json["Id"]
    assert re.fullmatch("/[a-zA-Z0-9][a-zA-Z0-9_.-]+", api.inspect(identifier)["Name"])


def test_what_is_kept_and_shown(api):
    api.create("box", Env=["A=1", "B"], Labels={"l": "v"}, Hostname="h", ExposedPorts={"80/tcp": {}, "53/udp": {}},
               HostConfig={"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}})
    shown = api.inspect("box")
    assert shown["Config"]["Env"] == ["A=1", "B"] and shown["Config"]["Labels"] == {"l": "v"}
    assert shown["Config"]["Hostname"] == "h"
    assert shown["Config"]["ExposedPorts"] == {"80/tcp": {}, "53/udp": {}}
    assert shown["HostConfig"]["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    api.start("box")
    assert api.inspect("box")["NetworkSettings"]["Ports"] == {"80/tcp": None, "53/udp": None}


def test_a_started_container_is_a_pinned_namespace(daemon, api):
    identifier = api.run("box")
    shown = api.inspect("box")
    settings = shown["NetworkSettings"]
    assert shown["State"]["Status"] == "running" and shown["State"]["Running"] is True and shown["State"]["Pid"] == 0
    assert settings["SandboxKey"] == f"{daemon.exec_root}/netns/{identifier[:12]}"
    assert re.fullmatch("[0-9a-f]{64}", settings["SandboxID"])
    assert daemon.space.mounts(daemon.exec_root) == [settings["SandboxKey"]]
    inside = daemon.container("box")
    links = inside.links()
    assert set(links) == {"lo", "eth0"} and "UP" in links["lo"]["flags"] and "LOWER_UP" in links["eth0"]["flags"]
    assert inside.pings("127.0.0.1") and inside.addresses("lo", scope=None) == ["127.0.0.1/8", "::1/128"]
    assert inside.addresses("eth0") == ["172.17.0.2/16"] and inside.default_route() == ("172.17.0.1", "eth0")
    hosts = {name: link for name, link in daemon.links().items() if link.get("master") == "fairlead0"}
    assert len(hosts) == 1 and all(re.fullmatch("veth[0-9a-f]{7}", name) for name in hosts)
    endpoint = settings["Networks"]["bridge"]
    assert [link["ifalias"] for link in hosts.values()] == [f"fairlead:{endpoint['NetworkID']}:{endpoint['EndpointID']}"]


@pytest.mark.parametrize(
    "how, code", [("stop", 0), ("kill", 137), ("kill?signal=TERM", 143), ("kill?signal=SIGINT", 130), ("kill?signal=1", 129)]
)
def test_ends(daemon, api, how, code):
    api.run("box")
    api.expect(204, "POST", f"/containers/box/{how}")
    after = state(api, "box")
    assert (after["Status"], after["Running"], after["ExitCode"]) == ("exited", False, code)
    assert api.inspect("box")["NetworkSettings"]["SandboxKey"] == ""
    assert daemon.space.mounts(daemon.exec_root) == []
    until(lambda: set(daemon.links()) <= {"fairlead0"}, what="the veth going away")


def test_not_modified(api):
    api.run("box")
    reply = api.post("/containers/box/start")
    assert (reply.status, reply.body) == (304, b"")
    api.stop("box")
    assert api.post("/containers/box/stop").status == 304


def test_kill_needs_a_running_container(api):
    identifier = api.create("box")
    reply = api.post("/containers/box/kill")
    assert reply.status == 409 and f"{identifier} is not running" in reply.message


def test_restart_makes_new_endpoints(api):
    api.run("box")
    first = api.inspect("box")
    api.expect(204, "POST", "/containers/box/restart")
    second = api.inspect("box")
    assert second["State"]["Running"]
    assert first["NetworkSettings"]["Networks"]["bridge"]["EndpointID"] != second["NetworkSettings"]["Networks"]["bridge"]["EndpointID"]
    assert first["NetworkSettings"]["SandboxID"] != second["NetworkSettings"]["SandboxID"]
    assert second["State"]["StartedAt"] > first["State"]["StartedAt"]
    api.stop("box")
    api.expect(204, "POST", "/containers/box/restart")
    assert state(api, "box")["Running"], "restart starts what is stopped"


def test_remove(daemon, api):
    api.run("box")
    assert api.delete("/containers/box").status == 409
    api.expect(204, "DELETE", "/containers/box?force=1")
    assert api.get("/containers/box/json").status == 404
    daemon.settles()


def test_auto_remove(api):
    api.run("box", HostConfig={"AutoRemove": True})
    api.stop("box")
    until(lambda: api.get("/containers/box/json").status == 404, what="the removal")


@pytest.mark.parametrize("truth, gone", [("0", False), ("no", False), ("False", False), ("none", False), ("", False),
                                         ("1", True), ("yes", True), ("x", True)])
def test_what_is_true_in_a_query(api, truth, gone):
    api.run("box")
    assert (api.delete(f"/containers/box?force={truth}").status == 204) is gone


def test_rename(api):
    identifier = api.create("box")
    api.expect(204, "POST", "/containers/box/rename?name=other")
    assert api.inspect("other")["Id"] == identifier and api.get("/containers/box/json").status == 404
    api.create("box")


def test_rename_of_a_running_container(api):
    api.create_network("n")
    box = api.run("box", "n")
    api.expect(204, "POST", "/containers/box/rename?name=other")
    assert api.inspect_network("n")["Containers"][box]["Name"] == "other"
    assert api.endpoint("other", "n")["DNSNames"][0] == "other"


# --- wait


@pytest.mark.parametrize(
    "condition, how, expected",
    [(None, "stop", 0), ("not-running", "kill", 137), ("next-exit", "stop", 0), ("removed", "DELETE", 137)],
)
def test_wait(api, condition, how, expected):
    """Headers come at once, the body when it has happened."""
    api.run("box")
    started = time.monotonic()
    connection, response = api.open("POST", f"/containers/box/wait{query(condition=condition)}", timeout=10)
    assert response.status == 200 and time.monotonic() - started < 2
    body = {}
    reader = threading.Thread(target=lambda: body.update(json.loads(response.read())))
    reader.start()
    time.sleep(0.3)
    assert not body, "it has not ended yet"
    if how == "DELETE":
        api.expect(204, "DELETE", "/containers/box?force=1")
    else:
        api.expect(204, "POST", f"/containers/box/{how}")
    reader.join(5)
    assert body["StatusCode"] == expected
    connection.close()


def test_wait_for_what_is_over(api):
    api.create("box")
    assert api.post("/containers/box/wait").json["StatusCode"] == 0
    api.start("box")
    api.expect(204, "POST", "/containers/box/kill")
    assert api.post("/containers/box/wait?condition=not-running").json["StatusCode"] == 137


def test_wait_for_a_start_to_end(api):
    """`docker run -d` waits for the next exit before it starts."""
    api.create("box")
    connection, response = api.open("POST", "/containers/box/wait?condition=next-exit", timeout=10)
    api.start("box")
    api.stop("box")
    assert json.loads(response.read())["StatusCode"] == 0
    connection.close()


def test_bad_condition(api):
    api.create("box")
    assert api.post("/containers/box/wait?condition=odd").status == 400


# --- list


@pytest.fixture
def some(api):
    api.create_network("n")
    ids = {
        "web": api.run("web", "n", Labels={"team": "a"}),
        "app": api.run("app", Labels={"team": "b"}, ExposedPorts={"80/tcp": {}}),
        "old": api.run("old", "n"),
        "new": api.create("new"),
    }
    api.expect(204, "POST", "/containers/old/kill")
    return ids


def listed(api, filters=None, **parameters):
    reply = api.expect(200, "GET", f"/containers/json{query(filters=filters, **parameters)}").json
    return [container["Names"][0][1:] for container in reply]


def test_list(api, some):
    assert sorted(listed(api)) == ["app", "web"]
    assert listed(api, all="1") == ["new", "old", "app", "web"], "newest first"
    assert listed(api, limit="2") == ["new", "old"], "limit counts all"
    web = next(each for each in api.get("/containers/json").json if each["Names"] == ["/web"])
    assert web["Id"] == some["web"] and web["Image"] == "scratch" and web["State"] == "running"
    assert web["Status"].startswith("Up ") and web["Labels"] == {"team": "a"} and web["HostConfig"]["NetworkMode"] == "n"
    assert isinstance(web["Created"], int) and web["Ports"] == [] and web["Mounts"] == []
    summary = web["NetworkSettings"]["Networks"]["n"]
    full = api.endpoint("web", "n")
    for key in ("EndpointID", "Gateway", "IPAddress", "MacAddress", "NetworkID", "IPPrefixLen"):
        assert summary[key] == full[key]
    assert [summary[key] for key in ("Links", "Aliases", "DNSNames", "DriverOpts")] == [None] * 4


LISTS = [
    ({"name": ["w"]}, ["new", "web"]),
    ({"name": ["^web$"]}, ["web"]),
    ({"label": ["team"]}, ["app", "web"]),
    ({"label": ["team=a"]}, ["web"]),
    ({"status": ["created"]}, ["new"]),
    ({"status": ["exited"]}, ["old"]),
    ({"status": {"running": True, "exited": True}}, ["app", "old", "web"]),
    ({"exited": ["137"]}, ["old"]),
    ({"network": ["n"]}, ["old", "web"]),
    ({"network": ["bridge"]}, ["app", "new"]),
    ({"expose": ["80"]}, ["app"]),
    ({"expose": ["70-90/tcp"]}, ["app"]),
    ({"expose": ["80/udp"]}, []),
    ({"publish": ["80"]}, []),
    ({"ancestor": ["scratch"]}, ["app", "new", "old", "web"]),
    ({"before": ["app"]}, ["web"]),
    ({"since": ["app"]}, ["new", "old"]),
]


def test_list_filters(api, some):
    for filters, expected in LISTS:
        assert sorted(listed(api, filters, all="1")) == expected, filters
    assert listed(api, {"id": [some["web"][:20]]}, all="1") == ["web"]
    assert sorted(listed(api, {"network": [api.inspect_network("n")["Id"][:12]]}, all="1")) == ["old", "web"]
