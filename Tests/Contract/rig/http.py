"""HTTP to a daemon with nothing between the test and the bytes."""

import http.client
import json
import socket
import urllib.parse


class Reply:
    def __init__(self, status: int, reason: str, headers: list, body: bytes):
        self.status, self.reason, self.headers, self.body = status, reason, headers, body

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def message(self) -> str:
        return self.json["message"]

    def header(self, name: str):
        """The value of a header that is there at most once."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(found) <= 1, f"{name} is there {len(found)} times: {found}"
        return found[0] if found else None

    def __repr__(self):
        return f"{self.status} {self.body[:400]!r}"


class _Connection(http.client.HTTPConnection):
    def __init__(self, connect, timeout):
        super().__init__("localhost", timeout=timeout)
        self._connect = connect

    def connect(self):
        self.sock = self._connect()
        self.sock.settimeout(self.timeout)

    def _validate_path(self, url):
        """Targets are sent as given."""


def unix(path: str):
    def connect():
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(10)
        sock.connect(path)
        return sock

    return connect


def tcp(netns, address: str, port: int):
    """Connects inside a namespace; the socket is then used from outside it."""
    return lambda: netns.call(lambda: socket.create_connection((address, port), timeout=10))


def query(**parameters) -> str:
    """A query string; dictionaries and lists become JSON, None is left out."""
    encoded = {
        key: json.dumps(value) if isinstance(value, (dict, list)) else value
        for key, value in parameters.items()
        if value is not None
    }
    return "?" + urllib.parse.urlencode(encoded) if encoded else ""


class API:
    """Docker's API over one way of connecting; `condition` tells how the other side is when it does not answer."""

    def __init__(self, connect, condition=lambda: ""):
        self.connect, self.condition = connect, condition

    def open(self, method, target, body=None, headers=None, timeout=30, chunked=False):
        """Sends a request; the response's body is still unread."""
        sent = {}
        if isinstance(body, (dict, list)):
            body, sent = json.dumps(body).encode(), {"Content-Type": "application/json"}
        elif isinstance(body, str):
            body, sent = body.encode(), {"Content-Type": "application/json"}
        for name, value in (headers or {}).items():
            sent.pop(name, None)
            if value is not None:
                sent[name] = value
        connection = _Connection(self.connect, timeout)
        if chunked:
            parts = [body] if body else []
            connection.request(method, target, iter(parts), {**sent, "Transfer-Encoding": "chunked"}, encode_chunked=True)
        else:
            connection.request(method, target, body, sent)
        return connection, connection.getresponse()

    def request(self, method, target, body=None, headers=None, timeout=30, chunked=False) -> Reply:
        try:
            connection, response = self.open(method, target, body, headers, timeout, chunked)
        except (OSError, http.client.HTTPException) as error:
            error.add_note(f"{method} {target}: no answer; {self.condition()}")
            raise
        try:
            return Reply(response.status, response.reason, response.getheaders(), response.read())
        finally:
            connection.close()

    def raw(self, data: bytes, timeout=5.0) -> bytes:
        """Bytes out, bytes in until the other side closes or is silent for `timeout` seconds."""
        received = b""
        with self.connect() as sock:
            sock.settimeout(timeout)
            try:
                sock.sendall(data)
                while chunk := sock.recv(65536):
                    received += chunk
            except (TimeoutError, ConnectionResetError, BrokenPipeError):
                pass
        return received

    def get(self, target, **options):
        return self.request("GET", target, **options)

    def post(self, target, body=None, **options):
        return self.request("POST", target, body, **options)

    def delete(self, target, **options):
        return self.request("DELETE", target, **options)

    def expect(self, status, method, target, body=None, **options) -> Reply:
        reply = self.request(method, target, body, **options)
        assert reply.status == status, f"{method} {target} {body}: expected {status}, got {reply}"
        return reply

    # What nearly every test starts with.

    def create_network(self, name: str, subnet=None, version="", **fields) -> str:
        """Creates a network and returns its id; `subnet` is one or several, each a prefix or an `IPAM.Config` entry."""
        if subnet:
            subnets = [subnet] if isinstance(subnet, (str, dict)) else subnet
            fields["IPAM"] = {"Config": [{"Subnet": s} if isinstance(s, str) else s for s in subnets]}
        return self.expect(201, "POST", f"{version}/networks/create", {"Name": name, **fields}).json["Id"]

    def inspect_network(self, term: str, version="") -> dict:
        return self.expect(200, "GET", f"{version}/networks/{urllib.parse.quote(term, safe='')}").json

    def remove_network(self, term: str) -> None:
        self.expect(204, "DELETE", f"/networks/{urllib.parse.quote(term, safe='')}")

    def create(self, name: str, network=None, version="", **fields) -> str:
        """Creates a container from `scratch` and returns its id."""
        if network is not None:
            fields.setdefault("HostConfig", {})
            fields["HostConfig"] = {"NetworkMode": network, **fields["HostConfig"]}
        target = f"{version}/containers/create{query(name=name)}"
        return self.expect(201, "POST", target, {"Image": "scratch", **fields}).json["Id"]

    def start(self, name: str) -> None:
        self.expect(204, "POST", f"/containers/{name}/start")

    def stop(self, name: str) -> None:
        self.expect(204, "POST", f"/containers/{name}/stop")

    def run(self, name: str, network=None, **fields) -> str:
        """Creates and starts a container."""
        identifier = self.create(name, network, **fields)
        self.start(name)
        return identifier

    def inspect(self, name: str, version="") -> dict:
        return self.expect(200, "GET", f"{version}/containers/{name}/json").json

    def endpoint(self, name: str, network: str) -> dict:
        networks = self.inspect(name)["NetworkSettings"]["Networks"]
        assert network in networks, f"{name} is on {sorted(networks)}, not on {network}"
        return networks[network]

    def connect_network(self, network: str, container: str, **config) -> None:
        body = {"Container": container, "EndpointConfig": config or None}
        reply = self.expect(200, "POST", f"/networks/{network}/connect", body)
        assert reply.body == b"", reply

    def disconnect_network(self, network: str, container: str, force=False) -> None:
        reply = self.expect(200, "POST", f"/networks/{network}/disconnect", {"Container": container, "Force": force})
        assert reply.body == b"", reply

    def clear(self) -> None:
        """Removes every container and every network that a client made; a configuration after the networks made from it."""
        for container in self.get("/containers/json?all=1").json:
            self.delete(f"/containers/{container['Id']}?force=1")
        for network in sorted(self.get("/networks").json, key=lambda network: network["ConfigOnly"]):
            if network["Name"] not in ("bridge", "host", "none"):
                self.delete(f"/networks/{network['Id']}")
