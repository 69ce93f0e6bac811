"""The walk that README shows, by every client that must be able to take it."""

import json
import re
import threading
import time

import docker as docker_py
import pytest
from rig.clients import CLI, binary
from rig.daemon import BINARY, environment
from rig.namespaces import run


def pings(daemon, name, address):
    return daemon.fairlead("exec", name, "--", "ping", "-n", "-c1", "-W2", address, check=False).returncode == 0


def the_kernel_agrees(daemon, web, app):
    """After the middle of the walk: what the client was told is what `ip` shows."""
    assert daemon.container("web").addresses("eth0") == [f"{web}/16"]
    assert daemon.container("app").addresses("eth0") == [f"{app}/16"]
    assert set(daemon.container("app").links()) == {"lo", "eth0", "eth1"}
    front = daemon.api.inspect_network("front")
    assert daemon.space.addresses(f"br-{front['Id'][:12]}") == ["172.28.5.254/16"]
    back = daemon.api.inspect_network("back")
    assert back["Internal"] and back["EnableIPv6"]
    assert pings(daemon, "app", web) and pings(daemon, "web", app)
    inside = daemon.container("app")
    assert inside.default_route() == ("172.28.5.254", "eth0"), "not through the internal network"


def walk_with_cli(daemon, docker):
    """Every command of the issue's walk, and what it prints."""
    assert "Fairlead" in docker("version")
    assert "Server Version" in docker("info")
    listed = docker("network", "ls", "--format", "{{.Name}} {{.Driver}} {{.Scope}}").splitlines()
    assert sorted(listed) == ["bridge bridge local", "host host local", "none null local"]
    front = docker("network", "create", "--subnet", "172.28.0.0/16", "--ip-range", "172.28.5.0/24", "--gateway",
                   "172.28.5.254", "--label", "team=a", "front")
    assert re.fullmatch("[0-9a-f]{64}", front)
    docker("network", "create", "--internal", "--ipv6", "back")
    web_id = docker("create", "--name", "web", "--network", "front", "--network-alias", "www", "scratch")
    assert docker("start", "web") == "web"
    docker("create", "--name", "app", "--network", "front", "--ip", "172.28.0.9", "scratch")
    assert docker("start", "app") == "app"
    docker("network", "connect", "--alias", "db", "back", "app")
    web = docker("inspect", "-f", "{{.NetworkSettings.Networks.front.IPAddress}}", "web")
    assert web == "172.28.5.0", "the lowest address of the range"
    the_kernel_agrees(daemon, web, "172.28.0.9")
    shown = json.loads(docker("network", "inspect", "front"))[0]
    assert shown["Id"] == front and shown["Containers"][web_id]["IPv4Address"] == "172.28.5.0/16"
    assert shown["Labels"] == {"team": "a"}
    app = json.loads(docker("inspect", "app"))[0]
    assert app["NetworkSettings"]["Networks"]["front"]["IPAddress"] == "172.28.0.9"
    assert app["NetworkSettings"]["Networks"]["back"]["Aliases"][0] == "db"
    assert sorted(docker("ps", "--format", "{{.Names}}").splitlines()) == ["app", "web"]
    assert re.search("Up .*web", docker("ps"))
    events = docker("events", "--since", "1h", "--until", "0s")
    for wanted in ("network create", "container start", "network connect"):
        assert wanted in events
    docker("network", "disconnect", "back", "app")
    assert set(daemon.container("app").links()) == {"lo", "eth0"}
    assert "active endpoints" in docker.fails("network", "rm", "front")
    assert sorted(docker("rm", "-f", "web", "app").splitlines()) == ["app", "web"]
    assert docker("network", "rm", "front") == "front"
    assert "back" in docker("network", "prune", "-f")
    assert docker("ps", "-aq") == ""
    daemon.settles()


def test_docker_cli(daemon, docker):
    walk_with_cli(daemon, docker)


@pytest.mark.parametrize("version", ["20.10", "28"])
def test_docker_cli_over_tcp(daemon, tmp_path, version):
    host = f"tcp://127.0.0.1:{daemon.ports[0]}"
    walk_with_cli(daemon, CLI(binary(version), host, str(tmp_path), daemon.space))


def test_docker_cli_says_what_went_wrong(daemon, docker):
    assert re.search("network nope not found|No such network: nope", docker.fails("network", "inspect", "nope"))
    assert docker.fails("network", "create", "bridge").startswith(
        "Error response from daemon: operation is not permitted on predefined bridge network")
    assert "No such image: alpine" in docker.fails("create", "--pull", "never", "alpine")
    assert "swarm" in docker.fails("network", "create", "-d", "overlay", "n")


def test_docker_cli_waits(daemon, docker):
    """`docker wait` blocks until the container ends, and prints how."""
    daemon.api.run("box")
    said = []
    waiting = threading.Thread(target=lambda: said.append(docker("wait", "box")))
    waiting.start()
    time.sleep(0.5)
    assert not said
    docker("kill", "--signal", "TERM", "box")
    waiting.join(10)
    assert said == ["143"]


def test_docker_cli_lists_and_filters(daemon, docker):
    docker("network", "create", "--label", "team=a", "front")
    docker("network", "create", "-o", "com.docker.network.bridge.enable_icc=false", "back")
    docker("create", "--name", "web", "--network", "front", "--restart", "always", "-e", "A=1", "-l", "x=y", "-h", "h", "scratch")
    assert docker("network", "ls", "-q", "--filter", "label=team=a", "--no-trunc") == daemon.api.inspect_network("front")["Id"]
    assert docker("network", "ls", "--filter", "name=^ba", "--format", "{{.Name}}") == "back"
    assert docker("ps", "-a", "--filter", "network=front", "--format", "{{.Names}} {{.Networks}}") == "web front"
    docker("rename", "web", "other")
    docker("start", "other")
    docker("restart", "-t", "1", "other")
    docker("stop", "other")
    assert docker("inspect", "-f", "{{.State.Status}} {{.HostConfig.RestartPolicy.Name}} {{.Config.Env}}", "other") == (
        "exited always [A=1]")
    docker("rm", "other")


def test_docker_py(daemon):
    client = docker_py.DockerClient(base_url=daemon.url, version="auto", timeout=20)
    try:
        assert client.ping() and client.version()["ApiVersion"] == "1.56"
        assert {network.name for network in client.networks.list()} == {"bridge", "host", "none"}
        pool = docker_py.types.IPAMPool(subnet="172.28.0.0/16", iprange="172.28.5.0/24", gateway="172.28.5.254")
        front = client.networks.create("front", ipam=docker_py.types.IPAMConfig(pool_configs=[pool]), labels={"team": "a"})
        back = client.networks.create("back", internal=True, enable_ipv6=True)
        settings = client.api.create_networking_config({"front": client.api.create_endpoint_config(aliases=["www"])})
        web_id = client.api.create_container("scratch", name="web", networking_config=settings,
                                             host_config=client.api.create_host_config(network_mode="front"))["Id"]
        client.api.start(web_id)
        app = client.containers.create("scratch", name="app", network="front")
        front.disconnect(app)
        front.connect(app, ipv4_address="172.28.0.9")
        app.start()
        back.connect(app, aliases=["db"])
        app.reload()
        web = client.containers.get("web").attrs["NetworkSettings"]["Networks"]["front"]["IPAddress"]
        the_kernel_agrees(daemon, web, "172.28.0.9")
        front.reload()
        assert set(front.attrs["Containers"]) == {web_id, app.id}
        assert [each.name for each in client.containers.list()] == ["app", "web"]
        assert [each.id for each in client.networks.list(filters={"label": "team=a"})] == [front.id]
        since = int(time.time()) - 60
        told = [(event["Type"], event["Action"]) for event in client.events(since=since, until=int(time.time()) + 1, decode=True)]
        assert ("network", "connect") in told and ("container", "start") in told
        with pytest.raises(docker_py.errors.APIError, match="already exists in network"):
            back.connect(app)
        back.disconnect(app)
        with pytest.raises(docker_py.errors.APIError, match="is not connected to network back"):
            back.disconnect(app, force=True)
        with pytest.raises(docker_py.errors.APIError) as refused:
            client.api.leave_swarm(force=False)
        assert refused.value.response.status_code == 503
        for name in ("web", "app"):
            client.containers.get(name).remove(force=True)
        front.remove()
        assert client.networks.prune()["NetworksDeleted"] == ["back"]
        assert client.networks.prune()["NetworksDeleted"] is None
        with pytest.raises(docker_py.errors.NotFound):
            client.networks.get("front")
    finally:
        client.close()
    daemon.settles()


CURL_WALK = r"""
set -euo pipefail
api() { method=$1; path=$2; shift 2; curl -sS --fail-with-body -m 30 -X "$method" "$@" "${BASE[@]}$path"; }
send() { path=$1; body=$2; api POST "$path" -H 'Content-Type: application/json' -d "$body"; }
[ "$(api GET /_ping)" = OK ]
api GET /networks > /dev/null
send /networks/create '{"Name":"front","Labels":{"team":"a"},"IPAM":{"Config":[{"Subnet":"172.28.0.0/16","IPRange":"172.28.5.0/24","Gateway":"172.28.5.254"}]}}'
send /networks/create '{"Name":"back","Internal":true,"EnableIPv6":true}'
send '/containers/create?name=web' '{"Image":"scratch","HostConfig":{"NetworkMode":"front"},"NetworkingConfig":{"EndpointsConfig":{"front":{"Aliases":["www"]}}}}'
api POST /containers/web/start
send '/containers/create?name=app' '{"Image":"scratch","HostConfig":{"NetworkMode":"front"},"NetworkingConfig":{"EndpointsConfig":{"front":{"IPAMConfig":{"IPv4Address":"172.28.0.9"}}}}}'
api POST /containers/app/start
send /networks/back/connect '{"Container":"app","EndpointConfig":{"Aliases":["db"]}}'
"""
CURL_END = r"""
send /networks/back/disconnect '{"Container":"app"}'
api GET /networks/front | grep -c '"team":"a"'
api GET /containers/app/json | grep -c 172.28.0.9
api GET /containers/json | grep -c '"/web"'
api GET "/events?since=1&until=$(date +%s)" | grep -c '"Action":"connect"'
api DELETE '/containers/web?force=1'
api DELETE '/containers/app?force=1'
api DELETE /networks/front
[ "$(api POST /networks/prune)" = '{"NetworksDeleted":["back"]}' ]
"""


@pytest.mark.parametrize("over", ["unix", "tcp", "tcp, versioned"])
def test_curl(daemon, over):
    port = daemon.ports[0]
    base = {"unix": f"--unix-socket {daemon.socket} http://localhost", "tcp": f"http://127.0.0.1:{port}",
            "tcp, versioned": f"http://localhost:{port}/v1.44"}[over]

    def step(script):
        options, url = base.rsplit(" ", 1) if " " in base else ("", base)
        functions = CURL_WALK.split("[ ", 1)[0].replace('"${BASE[@]}$path"', f'{options} "{url}$path"')
        run(daemon.space.command("bash", "-c", functions + script), timeout=60)

    step("[ " + CURL_WALK.split("[ ", 1)[1])
    the_kernel_agrees(daemon, daemon.api.endpoint("web", "front")["IPAddress"], "172.28.0.9")
    step(CURL_END)
    daemon.settles()


def test_the_command_line_finds_the_daemon(daemon):
    """By `--host` or `DOCKER_HOST`; without either, at the usual place, where nobody is."""
    assert daemon.fairlead("plan").stdout.strip()
    inside = daemon.space.command(BINARY, "plan", "--host", daemon.url)
    assert run(inside, env=environment()).returncode == 0
    lost = run(daemon.space.command(BINARY, "plan"), check=False, env=environment(DOCKER_HOST=f"unix://{daemon.folder}/nope"))
    assert lost.returncode != 0 and "nope" in lost.stderr
