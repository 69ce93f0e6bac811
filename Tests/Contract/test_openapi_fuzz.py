"""schemathesis over openapi/fairlead.yaml: whatever is sent, the answer is one that the document has."""

import json
import os
import re
import socket
import time
from collections import Counter

import jsonschema_rs
import pytest
import requests
import schemathesis
import urllib3
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rig.daemon import ROOT
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

EXAMPLES = max(200, int(os.environ.get("FUZZ_EXAMPLES", "0")))
SECONDS = 5

CONTAINERS = ["web", "app", "idle"]
NETWORKS = ["front", "back", "bridge", "host", "none"]
PREFIXES = ["", "", "", "/v1.24", "/v1.27", "/v1.40", "/v1.43", "/v1.44", "/v1.47", "/v1.51", "/v1.52", "/v1.53", "/v1.56",
            "/v1.57"]

FILTERS = ['{"name":["front"]}', '{"label":{"a":true}}', '{"type":["custom"]}', '{"type":["odd"]}', '{"dangling":["true"]}',
           '{"until":["1h"]}', '{"status":["exited"]}', '{"id":["("]}', '{"network":["front"]}', "[]", "{}"]
OPTIONS = {
    "com.docker.network.bridge.name": ["br-mine", "", "longer than sixteen", "a/b"],
    "com.docker.network.bridge.gateway_mode_ipv4": ["nat", "routed", "isolated", "odd"],
    "com.docker.network.driver.mtu": ["1400", "-1", "1", "99999999", "x"],
    "com.docker.network.bridge.inhibit_ipv4": ["true", "0", "perhaps"],
    "com.docker.network.enable_ipv6": ["true", "perhaps"],
    "com.docker.network.advertise_addr_ms": ["100", "1", "x"],
}


def one(*values) -> dict:
    return {"enum": list(values)}


def fields(required=(), **properties) -> dict:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def document(plausible: bool) -> dict:
    """The document as it is, or with its parameters and bodies narrowed to what often succeeds."""
    with open(os.path.join(ROOT, "openapi/fairlead.yaml")) as file:
        read = yaml.safe_load(file)
    if plausible:
        for name, schema in {"name": one(*CONTAINERS), "id": one(*NETWORKS), "filters": one(*FILTERS)}.items():
            read["components"]["parameters"][name]["schema"] = schema
        read["components"]["schemas"].update(BODIES)
        rename = read["paths"]["/containers/{name}/rename"]["post"]["parameters"]
        next(each for each in rename if each.get("name") == "name")["schema"] = one("new", "web", "app")
    return read


ENDPOINT = fields(
    IPAMConfig={"anyOf": [one(None), fields(IPv4Address=one("10.8.0.77", "", "0.0.0.0", "10.9.0.5"))]},
    Aliases=one(None, [], ["www"]), DriverOpts=one(None, {}, {"com.docker.network.endpoint.ifname": "lan"}),
    GwPriority=one(0, -1, 5), MacAddress=one("", "02:00:00:00:00:01"))
SUBNET = fields(
    Subnet=one("10.9.0.0/24", "10.9.0.1/24", "10.9.4.0/31", "fd00:9::/64", "0.0.0.0/28", "10.8.0.0/16"),
    IPRange=one("", "10.9.0.128/25"), Gateway=one("", "10.9.0.1", "10.9.0.0", "fd00:9::1"),
    AuxiliaryAddresses=one(None, {"a": "10.9.0.9"}))
GOOD = [
    {"Config": [{"Subnet": "10.9.0.0/24"}]}, {"Config": [{"Subnet": "10.10.0.0/24", "Gateway": "10.10.0.9"}]},
    {"Config": [{"Subnet": "10.11.0.0/16", "IPRange": "10.11.5.0/24", "AuxiliaryAddresses": {"a": "10.11.0.3"}}]},
    {"Options": {}, "Config": []}, {"Config": [{"Subnet": "fd00:9::/64"}]},
]
ANY_OPTIONS = fields(**{key: one(*values) for key, values in OPTIONS.items()})
BODIES = {
    "NetworkCreateRequest": fields(
        ["Name"], Name=one("n1", "n2", "n3", "n4", "n5", "front", ""), Driver=one("bridge", "", None, "host", "odd"),
        Internal=one(False, True), Attachable=one(True), EnableIPv4=one(None, True, False), EnableIPv6=one(None, False, True),
        ConfigOnly=one(False, True), ConfigFrom={"anyOf": [one(None), one(None, {"Network": "source"}, {"Network": "odd"})]},
        IPAM={"anyOf": [one(None, *GOOD), fields(
            Driver=one("default", "odd"), Config={"type": "array", "items": SUBNET, "maxItems": 2})]},
        Options={"anyOf": [one({}, None), one({}, *({key: values[0]} for key, values in OPTIONS.items())), ANY_OPTIONS]},
        Labels=one(None, {}, {"a": "b"})),
    "NetworkConnectRequest": fields(["Container"], Container=one(*CONTAINERS), EndpointConfig={"anyOf": [one(None), ENDPOINT]}),
    "NetworkDisconnectRequest": fields(["Container"], Container=one(*CONTAINERS), Force=one(True, False)),
    "ContainerCreateRequest": fields(
        ["Image"], Image=one("scratch", "", "alpine"), Hostname=one("", "h"), Labels=one({}, None, {"a": "b"}),
        ExposedPorts=one({}, {"80/tcp": {}}), StopSignal=one("TERM", "", "odd"),
        HostConfig=fields(
            NetworkMode=one(*NETWORKS, "default", "container:web", "container:", "gone"), AutoRemove=one(False, True),
            RestartPolicy=fields(Name=one("no", "", "always", "on-failure"), MaximumRetryCount=one(0, 3))),
        NetworkingConfig=fields(EndpointsConfig={
            "type": "object", "properties": {"front": ENDPOINT, "back": ENDPOINT, "default": ENDPOINT},
            "additionalProperties": False})),
}



def load(plausible: bool) -> dict:
    schema = schemathesis.openapi.from_dict(document(plausible))
    return {each.ok().definition.raw["operationId"]: each.ok() for each in schema.get_all_operations()}


OPERATIONS, PLAUSIBLE = load(False), load(True)
CHECKS = [
    checks.status_code_conformance, checks.content_type_conformance, checks.response_headers_conformance,
    checks.response_schema_conformance,
]
BODY = checks.response_schema_conformance
# A stream of events is no single JSON document: its lines are looked at one by one.
EVENT = jsonschema_rs.validator_for(document(False)["components"]["schemas"]["Event"])


class _UnixPool(urllib3.HTTPConnectionPool):
    """Connections to a unix socket, whatever host the URL names."""

    def __init__(self, path):
        super().__init__("fairlead", maxsize=1)
        self._path = path

    def _new_conn(self):
        connection = super()._new_conn()
        path = self._path

        def connect():
            connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.sock.settimeout(SECONDS)
            connection.sock.connect(path)

        connection.connect = connect
        return connection


class _UnixAdapter(requests.adapters.HTTPAdapter):
    def __init__(self, path):
        super().__init__(max_retries=0)
        self._pool = _UnixPool(path)

    def get_connection_with_tls_context(self, request, verify, proxies=None, cert=None):
        return self._pool


@pytest.fixture
def session(daemon):
    opened = requests.Session()
    opened.trust_env = False
    opened.mount("http://fairlead", _UnixAdapter(daemon.socket))
    yield opened
    opened.close()


class Furniture:
    """Two networks and a configuration, a running container and two that don't run; made again as requests take them away."""

    def __init__(self, api, runs: bool):
        self.api, self.runs = api, runs
        self.renew()

    def renew(self) -> None:
        networks = self.api.get("/networks").json
        if len(networks) > 9:
            self.api.clear()
            networks = []
        names = {network["Name"] for network in networks}
        for name, body in {
            "front": {"IPAM": {"Config": [{"Subnet": "10.8.0.0/24"}]}}, "source": {"ConfigOnly": True},
            "back": {"EnableIPv6": True, "IPAM": {"Config": [{"Subnet": "fd00:8::/64"}]}},
        }.items():
            if name not in names:
                self.api.post("/networks/create", {"Name": name, **body})
        for name, network in {"web": "front", "app": "front", "idle": "none"}.items():
            body = {"Image": "scratch", "HostConfig": {"NetworkMode": network}}
            self.api.post(f"/containers/create?name={name}", body)
        if self.runs:
            self.api.post("/containers/web/start")


def tame(case, operation_id: str) -> None:
    """Streams that would not end, are asked to."""
    if operation_id == "events":
        until = case.query.get("until")
        # ASCII digits only: Python takes superscripts for digits, too.
        is_number = isinstance(until, str) and re.fullmatch(r"[0-9]+(\.[0-9]*)?", until) is not None
        if not is_number or float(until) > time.time():
            case.query["until"] = "5"
    if operation_id == "containerWait" and case.query.get("condition") in ("next-exit", "removed"):
        case.query["condition"] = "not-running"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_operation(api, daemon, session, operation_id):
    operation, statuses = OPERATIONS[operation_id], []
    furniture = Furniture(api, runs=operation_id != "containerWait")
    own = operation.path.startswith("/fairlead/")
    plausible = PLAUSIBLE[operation_id].as_strategy(generation_mode=GenerationMode.POSITIVE)
    cases = st.one_of(plausible, plausible, operation.as_strategy(generation_mode=GenerationMode.POSITIVE), *negative(operation))

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink])
    @given(case=cases, prefix=st.sampled_from([""] if own else PREFIXES), agent=st.text("abcdefgh /.", max_size=12))
    def probe(case, prefix, agent):
        tame(case, operation_id)
        response = case.call(
            base_url="http://fairlead" + prefix, session=session, headers={"User-Agent": "x" + agent},
            timeout=SECONDS, allow_redirects=False)
        statuses.append(response.status_code)
        case.validate_response(response, checks=[each for each in CHECKS if operation_id != "events" or each is not BODY])
        if operation_id == "events" and response.status_code == 200:
            for line in response.text.splitlines():
                EVENT.validate(json.loads(line.lstrip("\x1e")))
        if response.status_code < 300 and operation.method != "get":
            furniture.renew()

    probe()
    assert len(statuses) >= EXAMPLES
    if successes := {"200", "201", "204"} & set(operation.definition.raw["responses"]):
        assert {str(status) for status in statuses} & successes, f"nothing ever succeeded: {Counter(statuses)}"
    assert daemon.process.poll() is None, daemon.log_tail()


def negative(operation) -> list:
    """Values that the document doesn't allow, where there is anything to get wrong."""
    if not any((operation.path_parameters, operation.query, operation.body)):
        return []
    return [operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)]
