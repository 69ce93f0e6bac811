"""Whether the answers of many clients at once are those of some serial order.

The daemon's events give the order in which it says it did things. They have to be a possible life by themselves, each has
to fall into the time of a request that asked for it, and each answer of success needs one. What was read, by inspect, list or
refusal, has to have been true at some moment between request and answer: not before a change that had been answered
before the request was made, nor after one that was asked for after the answer.
"""

import bisect
import collections
import time

START = 0  # Before everything, in nanoseconds since 1970.


class Register:
    """One fact over time: writes take effect between `begin` and `end`."""

    def __init__(self, initial):
        self.writes = [(START, START + 1, initial)]
        self._ends = None

    def write(self, begin, end, value):
        self.writes.append((begin, end, value))
        self._ends = None

    def _prepare(self):
        self.writes.sort(key=lambda write: write[1])
        self._ends = [end for _, end, _ in self.writes]
        self._latest, latest = [], START
        for begin, _, _ in self.writes:
            latest = max(latest, begin)
            self._latest.append(latest)

    def could_be(self, begin, end, accept) -> bool:
        """Whether a value that `accept` takes may have been the newest at some moment of an interval."""
        if self._ends is None:
            self._prepare()
        known = bisect.bisect_right(self._ends, begin)
        # Whatever was over before the last one of those that had taken effect before `begin` even began, is history.
        first = bisect.bisect_right(self._ends, self._latest[known - 1])
        return any(write[0] < end and accept(write[2]) for write in self.writes[first:])

    def near(self, begin, end) -> list:
        return [write for write in self.writes if write[0] < end and write[1] > begin - 2_000_000_000]


def essence(operation, body):
    """What of a reply is remembered."""
    kind, status = operation.kind, operation.status
    if kind in ("create_network", "create_container") and status == 201:
        return body["Id"]
    if status != 200:
        return None
    if kind == "prune_networks":
        return body["NetworksDeleted"] or []
    if kind == "prune_containers":
        return body["ContainersDeleted"] or []
    if kind == "inspect_container":
        return _container(body["Id"], body["Name"], body["State"]["Running"], body["NetworkSettings"]["Networks"])
    if kind == "list_containers":
        return [_container(c["Id"], c["Names"][0], c["State"] == "running", c["NetworkSettings"]["Networks"]) for c in body]
    if kind == "inspect_network":
        return body["Id"], body["Name"], frozenset(body["Containers"])
    if kind == "list_networks":
        return [(network["Id"], network["Name"]) for network in body]
    return None


def _container(identifier, name, running, networks):
    on = frozenset(endpoint["NetworkID"] for endpoint in networks.values() if endpoint["EndpointID"])
    return identifier, name.lstrip("/"), running, on


def quiet_state(api) -> tuple:
    """Containers and networks, as lists and inspects show them while nobody changes anything."""
    containers = [
        _container(c["Id"], c["Names"][0], c["State"] == "running", c["NetworkSettings"]["Networks"])
        for c in api.get("/containers/json?all=1").json
    ]
    networks = [(network["Id"], network["Name"]) for network in api.get("/networks").json]
    return containers, networks


def wait_for_quiet(api, seconds=10.0) -> None:
    """Until nothing changes any more: what shares another's namespace ends after that, unasked."""
    end, last = time.monotonic() + seconds, quiet_state(api)
    while time.monotonic() < end:
        time.sleep(0.3)
        now = quiet_state(api)
        if now == last:
            return
        last = now


class History:
    def __init__(self, initial):
        containers, networks = initial
        self.faults = []
        self.network_names = {name: Register(identifier) for identifier, name in networks}
        self.container_names = {name: Register(identifier) for identifier, name, _, _ in containers}
        self.exists = {identifier: Register(True) for identifier, *_ in [*containers, *networks]}
        self.running = {identifier: Register(runs) for identifier, _, runs, _ in containers}
        self.endpoints = {(identifier, network): Register(True) for identifier, _, _, on in containers for network in on}
        # The state that the events lead to, one after the other.
        self.now_networks = {name: identifier for identifier, name in networks}
        self.now_containers = {name: identifier for identifier, name, _, _ in containers}
        self.now_running = {identifier for identifier, _, runs, _ in containers if runs}
        self.now_attached = {(identifier, network) for identifier, _, _, on in containers for network in on}
        self.name_of = {identifier: name for identifier, name, *_ in containers}
        self.last_event = collections.defaultdict(int)

    def fault(self, text):
        self.faults.append(text)

    def write(self, registers, key, initial, begin, end, value):
        registers.setdefault(key, Register(initial)).write(begin, end, value)

    # --- the events

    def follow(self, events, operations):
        asked = Asked(operations)
        for event in events:
            kind, action = event["Type"], event["Action"]
            method = getattr(self, f"{kind}_{action}", None)
            if method:
                attributes = event["Actor"]["Attributes"]
                method(event["Actor"]["ID"], attributes, event["timeNano"], asked)
        for operation in asked.unexplained():
            self.fault(f"answered, but no event tells of it: {operation!r}")

    def _begin(self, asked, action, candidates, identifier, time, what, fallback=False):
        """When the request behind an event began."""
        operation = asked.find(action, candidates, time)
        if operation is None:
            if not fallback:
                self.fault(f"nobody asked for it: {what} at {time}")
            return self.last_event[identifier]
        return operation.begin

    def network_create(self, identifier, attributes, time, asked):
        name = attributes["name"]
        if name in self.now_networks:
            self.fault(f"two networks are called {name}: {self.now_networks[name]} and, later, {identifier}")
        self.now_networks[name] = identifier
        begin = self._begin(asked, "network_create", [("create_network", identifier)], identifier, time, f"network {name} is created")
        self.write(self.network_names, name, None, begin, time, identifier)
        self.write(self.exists, identifier, False, begin, time, True)

    def network_destroy(self, identifier, attributes, time, asked):
        name = attributes["name"]
        if self.now_networks.pop(name, None) != identifier:
            self.fault(f"network {name} is destroyed as {identifier}, which it was not")
        if any(network == identifier for _, network in self.now_attached):
            self.fault(f"network {name} is destroyed with endpoints on it")
        candidates = [("delete_network", name), ("delete_network", identifier), ("prune_networks", name)]
        begin = self._begin(asked, "network_destroy", candidates, identifier, time, f"network {name} is destroyed")
        self.write(self.network_names, name, None, begin, time, None)
        self.write(self.exists, identifier, False, begin, time, False)

    def network_connect(self, identifier, attributes, time, asked):
        container = attributes["container"]
        if (container, identifier) in self.now_attached:
            self.fault(f"{container} is connected twice to {attributes['name']}")
        self.now_attached.add((container, identifier))
        terms = [container, self.name_of[container]]
        candidates = [(kind, term) for kind in ("connect", "start", "restart") for term in terms]
        begin = self._begin(asked, "network_connect", candidates, container, time, f"{terms} is connected to {attributes['name']}")
        self.write(self.endpoints, (container, identifier), False, begin, time, True)

    def network_disconnect(self, identifier, attributes, time, asked):
        # Those of a container that stops are told after its death.
        if (container := attributes["container"], identifier) not in self.now_attached:
            self.fault(f"{container} is disconnected from {attributes['name']}, where it was not")
        self.now_attached.discard((container, identifier))
        terms = [container, self.name_of[container]]
        candidates = [(kind, term) for kind in ("disconnect", "stop", "kill", "restart", "remove_container") for term in terms]
        begin = self._begin(
            asked, "network_disconnect", candidates, container, time, f"{terms} is disconnected from {attributes['name']}", fallback=True)
        self.write(self.endpoints, (container, identifier), False, begin, time, False)

    def container_create(self, identifier, attributes, time, asked):
        name = attributes["name"]
        if name in self.now_containers:
            self.fault(f"two containers are called {name}: {self.now_containers[name]} and, later, {identifier}")
        self.now_containers[name] = identifier
        self.name_of[identifier] = name
        begin = self._begin(asked, "container_create", [("create_container", identifier)], identifier, time, f"container {name} is created")
        self.write(self.container_names, name, None, begin, time, identifier)
        self.write(self.exists, identifier, False, begin, time, True)
        self.write(self.running, identifier, False, begin, time, False)
        self.last_event[identifier] = time

    def container_destroy(self, identifier, attributes, time, asked):
        name = attributes["name"]
        if self.now_containers.pop(name, None) != identifier:
            self.fault(f"container {name} is destroyed as {identifier}, which it was not")
        if identifier in self.now_running:
            self.fault(f"container {name} is destroyed while it runs")
        candidates = [("remove_container", name), ("remove_container", identifier), ("prune_containers", identifier)]
        # Those that remove themselves go after their end.
        begin = self._begin(asked, "container_destroy", candidates, identifier, time, f"container {name} is destroyed", fallback=True)
        self.write(self.container_names, name, None, begin, time, None)
        self.write(self.exists, identifier, False, begin, time, False)

    def container_rename(self, identifier, attributes, time, asked):
        old, new = attributes["oldName"].lstrip("/"), attributes["name"]
        if new in self.now_containers:
            self.fault(f"two containers are called {new}: {self.now_containers[new]} and, renamed, {identifier}")
        if self.now_containers.pop(old, None) != identifier:
            self.fault(f"container {old} is renamed as {identifier}, which it was not")
        self.now_containers[new] = identifier
        self.name_of[identifier] = new
        candidates = [("rename", (term, new)) for term in (old, identifier)]
        begin = self._begin(asked, "container_rename", candidates, identifier, time, f"container {old} is renamed to {new}")
        self.write(self.container_names, old, None, begin, time, None)
        self.write(self.container_names, new, None, begin, time, identifier)

    def container_start(self, identifier, attributes, time, asked):
        if identifier in self.now_running:
            self.fault(f"container {attributes['name']} starts while it runs")
        self.now_running.add(identifier)
        terms = [identifier, attributes["name"]]
        candidates = [(kind, term) for kind in ("start", "restart") for term in terms]
        begin = self._begin(asked, "container_start", candidates, identifier, time, f"container {attributes['name']} starts")
        self.write(self.running, identifier, False, begin, time, True)
        self.last_event[identifier] = time

    def container_die(self, identifier, attributes, time, asked):
        if identifier not in self.now_running:
            self.fault(f"container {attributes['name']} dies while it does not run")
        self.now_running.discard(identifier)
        terms = [identifier, attributes["name"]]
        candidates = [(kind, term) for kind in ("stop", "kill", "restart", "remove_container") for term in terms]
        # One that shares another's namespace ends with that.
        begin = self._begin(asked, "container_die", candidates, identifier, time, f"container {attributes['name']} dies", fallback=True)
        self.write(self.running, identifier, False, begin, time, False)

    # --- the readings

    def read(self, registers, key, operation, accept, what, initial=None):
        register = registers.get(key) or Register(initial)
        if not register.could_be(operation.begin, operation.end, accept):
            self.fault(
                f"no serial order allows it: {what}, in {operation!r} from {operation.begin} to {operation.end}; "
                f"writes: {register.near(operation.begin, operation.end)}")

    def named(self, registers, term, operation, accept, what):
        """A reading of whether a name or id is there."""
        if len(term) == 64:
            self.read(self.exists, term, operation, lambda there: accept(term if there else None), what, False)
        else:
            self.read(registers, term, operation, accept, what)

    def container_shown(self, shown, operation):
        identifier, name, runs, on = shown
        self.read(self.container_names, name, operation, lambda value: value == identifier, f"{name} is {identifier}")
        self.read(self.running, identifier, operation, lambda value: value == runs, f"{name} runs: {runs}", False)
        for (container, network), _ in self.of(identifier):
            is_on = network in on
            self.read(
                self.endpoints, (container, network), operation, lambda value: value == is_on,
                f"{name} is on {network}: {is_on}")

    def of(self, identifier):
        return self._by_container[identifier]

    def check(self, operation):
        kind, status, text, data = operation.kind, operation.status, operation.text, operation.data
        absent, present = lambda value: value is None, lambda value: value is not None
        about_container = kind in (
            "remove_container", "rename", "start", "stop", "kill", "restart", "inspect_container", "connect", "disconnect")
        if about_container:
            term = operation.argument if kind in ("connect", "disconnect") else operation.term
            if status == 404 and text.startswith("No such container"):
                return self.named(self.container_names, term, operation, absent, f"{term} is not there")
            if status == 404 and text.startswith("endpoint"):
                return self.named(self.container_names, term, operation, absent, f"{term} is not there")
            if status < 400:
                self.named(self.container_names, term, operation, present, f"{term} is there")
        if kind in ("connect", "disconnect", "delete_network", "inspect_network") and status == 404:
            return self.named(self.network_names, operation.term, operation, absent, f"{operation.term} is not there")
        if kind == "inspect_container":
            self.container_shown(data, operation)
        elif kind == "list_containers":
            self.container_list(data, operation)
        elif kind == "inspect_network":
            self.network_shown(data, operation)
        elif kind == "list_networks":
            listed = {name: identifier for identifier, name in data}
            for name in {*self.network_names, *listed}:
                self.read(
                    self.network_names, name, operation, lambda value: value == listed.get(name),
                    f"{name} is listed as {listed.get(name)}")
        elif status == 409 and kind == "create_network":
            self.read(self.network_names, operation.term, operation, present, f"{operation.term} is taken")
        elif status == 409 and kind in ("create_container", "rename"):
            name = operation.term if kind == "create_container" else operation.argument
            self.read(self.container_names, name, operation, present, f"{name} is taken")
        elif status == 304 or status == 409 and kind in ("kill", "remove_container"):
            self.running_as_told(operation)

    def container_list(self, shown, operation):
        listed = {name: identifier for identifier, name, _, _ in shown}
        for name in {*self.container_names, *listed}:
            self.read(
                self.container_names, name, operation, lambda value: value == listed.get(name),
                f"{name} is listed as {listed.get(name)}")
        for each in shown:
            self.container_shown(each, operation)

    def network_shown(self, shown, operation):
        identifier, name, attached = shown
        self.read(self.network_names, name, operation, lambda value: value == identifier, f"{name} is {identifier}")
        for container, network in self._by_network[identifier]:
            is_on = container in attached
            self.read(
                self.endpoints, (container, network), operation, lambda value: value == is_on,
                f"{container} is on {name}: {is_on}")

    def running_as_told(self, operation):
        """`start` of what runs, `stop` and `kill` of what does not, `remove` of what does: by name, some container of that
        name has to have been so."""
        wanted = operation.kind in ("start", "remove_container")
        term = operation.term
        if len(term) == 64:
            return self.read(self.running, term, operation, lambda value: value == wanted, f"it runs: {wanted}", False)
        owners = {write[2] for write in self.container_names[term].writes if write[2]} if term in self.container_names else ()
        if not any(
            self.running[owner].could_be(operation.begin, operation.end, lambda value: value == wanted)
            and self.container_names[term].could_be(operation.begin, operation.end, lambda value: value == owner)
            for owner in owners
        ):
            self.fault(f"no serial order allows it: nothing called {term} was running: {wanted}, in {operation!r}")

    def check_all(self, operations):
        self._by_container, self._by_network = collections.defaultdict(list), collections.defaultdict(list)
        for key in self.endpoints:
            self._by_container[key[0]].append((key, None))
            self._by_network[key[1]].append(key)
        for operation in operations:
            self.check(operation)
            if len(self.faults) > 20:
                return
        prunes = sorted((o.begin, o.end) for o in operations if o.kind.startswith("prune_") and o.status == 200)
        for operation in operations:
            if operation.kind.startswith("prune_") and operation.status == 409:
                if not any(begin < operation.end and end > operation.begin for begin, end in prunes):
                    self.fault(f"no other prune was running: {operation!r}")

    def ends_as(self, final):
        """What the events led to is what is shown in the end."""
        containers, networks = final
        shown = (
            {name: identifier for identifier, name in networks},
            {name: identifier for identifier, name, _, _ in containers},
            {identifier for identifier, _, runs, _ in containers if runs},
            {(identifier, network) for identifier, _, _, on in containers for network in on},
        )
        told = (self.now_networks, self.now_containers, self.now_running, self.now_attached)
        for what, one, other in zip(("networks", "containers", "what runs", "endpoints"), told, shown):
            if one != other:
                self.fault(f"{what}: events lead to {one}, shown is {other}")


class Asked:
    """Operations that were answered with success, to be found again by what they asked for."""

    # Which event each success has to have led to.
    EXPLANATIONS = {
        "create_network": "network_create", "delete_network": "network_destroy", "create_container": "container_create",
        "remove_container": "container_destroy", "rename": "container_rename", "start": "container_start",
        "restart": "container_start", "stop": "container_die", "kill": "container_die",
    }

    def __init__(self, operations):
        self.by_key, self.explained = collections.defaultdict(list), set()
        self.operations = [o for o in operations if o.status in (200, 201, 204) and not o.kind.startswith(("inspect", "list"))]
        for operation in sorted(self.operations, key=lambda o: o.end):
            for key in self._keys(operation):
                self.by_key[operation.kind, key].append(operation)

    @staticmethod
    def _keys(operation):
        if operation.kind.startswith("create_"):
            return [operation.data]
        if operation.kind.startswith("prune_"):
            return operation.data
        if operation.kind == "rename":
            return [(operation.term, operation.argument)]
        return [operation.argument if operation.kind in ("connect", "disconnect") else operation.term]

    def find(self, action, candidates, time):
        """The first to end of those during which it happened: of those that need such an event and have none yet, if any."""
        found = [
            operation
            for key in candidates
            for operation in self.by_key.get(key, ())
            if operation.begin <= time <= operation.end
        ]
        if not found:
            return None
        wanting = [
            operation for operation in found
            if self.EXPLANATIONS.get(operation.kind) == action and (id(operation), action) not in self.explained
        ]
        operation = min(wanting or found, key=lambda o: o.end)
        self.explained.add((id(operation), action))
        return operation

    def unexplained(self):
        """Those that no event explains. Only if no other of the kind ran at the same time: an event may have been laid at the
        door of the wrong one of them."""
        def alone(operation):
            return not any(
                other is not operation and other.kind == operation.kind
                and other.begin <= operation.end and operation.begin <= other.end for other in self.operations)

        return [
            operation for operation in self.operations
            if operation.kind in self.EXPLANATIONS
            and (id(operation), self.EXPLANATIONS[operation.kind]) not in self.explained and alone(operation)
        ]


def check(initial, operations, events, final) -> list:
    """Faults, in words."""
    history = History(initial)
    history.follow(events, operations)
    history.ends_as(final)
    if not history.faults:
        history.check_all(operations)
    return history.faults
