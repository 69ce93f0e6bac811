"""What every single answer has to be, whatever else is going on."""

import ipaddress
import re

_ID = "[0-9a-f]{64}"
_NAME = "[a-z]+"
_NO_CONTAINER = (404, f"No such container: (/?{_NAME}|{_ID})")
_NO_NETWORK = (404, f"network ({_NAME}|{_ID}) not found")
_PRUNING = (409, "a prune operation is already running")
_SET_UP = "failed to set up container networking: "
_START_FAILURES = [
    (404, f"{_SET_UP}network ({_NAME}|{_ID}) not found"),
    (403, f"{_SET_UP}Address already in use"),
    (400, f"{_SET_UP}invalid endpoint settings:\nno configured subnet contains IP address [0-9.]+"),
    (400, f"{_SET_UP}container cannot be connected to multiple networks with one of the networks in private \\(none\\) mode"),
    # The reference's section 2.5, step 13: five containers fill `tiny`.
    (500, f"{_SET_UP}no available IPv4 addresses on this network's address pools: {_NAME} \\({_ID}\\)"),
    # `container:` mode, whose owner may be gone, stopped, or the container itself (section 2.9).
    (500, f"joining network namespace of container: No such container: ({_NAME}|{_ID})"),
    (500, "cannot join own network namespace"),
    (409, f"cannot join network namespace of a non running container: container /?({_NAME}|{_ID}) is (created|exited)"),
]
# Per operation: the answers that the reference gives, status and text.
ALLOWED = {
    "create_network": [
        (201, None), (409, f"network with name {_NAME} already exists"),
        (403, "invalid pool request: Pool overlaps with other one on this address space"),
    ],
    "delete_network": [
        (204, None), _NO_NETWORK,
        (404, f"error while removing network: unknown network {_NAME} id {_ID}"),
        (403, f"error while removing network: network {_NAME} has active endpoints \\(.+\\)"),
    ],
    "prune_networks": [(200, None), _PRUNING],
    "create_container": [
        (201, None),
        (409, f'Conflict. The container name "/{_NAME}" is already in use by container "{_ID}". You have to remove '
              r"\(or rename\) that container to be able to reuse that name."),
    ],
    "remove_container": [
        (204, None), _NO_CONTAINER,
        (409, f'cannot remove container "/{_NAME}": container is running: stop the container before removing or force remove'),
    ],
    "prune_containers": [(200, None), _PRUNING],
    "rename": [
        (204, None), _NO_CONTAINER, (400, "Renaming a container with the same name as its current name"),
        (409, f'Error when allocating new name: Conflict. The container name "/{_NAME}" is already in use by container '
              f'"{_ID}". You have to remove \\(or rename\\) that container to be able to reuse that name.'),
    ],
    "start": [(204, None), (304, None), _NO_CONTAINER, *_START_FAILURES],
    "restart": [(204, None), _NO_CONTAINER, *_START_FAILURES],
    "stop": [(204, None), (304, None), _NO_CONTAINER],
    "kill": [
        (204, None), _NO_CONTAINER,
        (409, f"cannot kill container: ({_NAME}|{_ID}): container {_ID} is not running"),
    ],
    "connect": [
        (200, None), _NO_CONTAINER, _NO_NETWORK, (403, "Address already in use"),
        (403, f"endpoint with name {_NAME} already exists in network {_NAME}"),
        (400, "invalid endpoint settings:\nno configured subnet contains IP address [0-9.]+"),
        (400, "container sharing network namespace with another container or host cannot be connected to any other network"),
        (400, "container cannot be connected to multiple networks with one of the networks in private \\(none\\) mode"),
        (500, f"no available IPv4 addresses on this network's address pools: {_NAME} \\({_ID}\\)"),
    ],
    "disconnect": [
        (200, None), _NO_CONTAINER, _NO_NETWORK,
        # Not attached, running and not; Docker answers so (section 2.6).
        (500, f"container {_ID} is not connected to network {_NAME}"),
        (500, f"container {_ID} is not connected to the network ({_NAME}|{_ID})"),
        (404, f"endpoint ({_NAME}|{_ID}) not found"),
    ],
    "inspect_network": [(200, None), _NO_NETWORK],
    "inspect_container": [(200, None), _NO_CONTAINER],
    "list_networks": [(200, None)],
    "list_containers": [(200, None)],
}


# What a daemon may say that is stopping.
STOPPING = (503, "the daemon is shutting down")


def check_reply(operation, body, also=()) -> list:
    """Faults of one answer, in words. `also`: answers that are allowed to every operation, status and pattern."""
    for status, text in [*ALLOWED[operation.kind], *also]:
        if status == operation.status and (text is None or re.fullmatch(text, operation.text)):
            break
    else:
        return [f"the reference has no such answer: {operation.status} {operation.text!r}"]
    if operation.status != 200:
        return []
    check = {
        "inspect_network": network, "inspect_container": container, "list_networks": networks, "list_containers": containers,
    }.get(operation.kind)
    return list(check(body)) if check else []


def twice(what: str, values):
    """Says so for each value that is there more than once."""
    seen = set()
    for value in values:
        if value in seen:
            yield f"{what} {value} is there twice"
        seen.add(value)


def _subnets(shown) -> list:
    return [ipaddress.ip_network(pool["Subnet"]) for pool in shown["IPAM"]["Config"] or []]


def networks(listed):
    """`GET /networks`: names, ids and subnets are nobody else's."""
    yield from twice("the name", (each["Name"] for each in listed))
    yield from twice("the id", (each["Id"] for each in listed))
    subnets = sorted(
        ((subnet, each["Name"]) for each in listed for subnet in _subnets(each)),
        key=lambda pair: (pair[0].version, pair[0]))
    for (one, name), (other, rival) in zip(subnets, subnets[1:]):
        if one.version == other.version and one.overlaps(other):
            yield f"{name} has {one}, {rival} has {other}: they overlap"
    for each in listed:
        yield from _is_whole(each)


def _is_whole(shown):
    if shown["Name"] in ("host", "none") or shown["ConfigOnly"]:
        return
    for pool in shown["IPAM"]["Config"] or [{}]:
        if not pool.get("Subnet") or not pool.get("Gateway"):
            yield f"network {shown['Name']} is half made: {pool}"


def network(shown):
    """`GET /networks/{id}`: each endpoint has addresses of its own, in the subnets."""
    yield from _is_whole(shown)
    attached = shown["Containers"].values()
    gateways = [pool["Gateway"] for pool in shown["IPAM"]["Config"] or [] if "Gateway" in pool]
    for key, length in (("IPv4Address", 4), ("IPv6Address", 6)):
        addresses = [each[key].split("/")[0] for each in attached if each[key]]
        yield from twice(f"in {shown['Name']} the address", addresses + [g for g in gateways if (":" in g) == (length == 6)])
        for address in addresses:
            if not any(ipaddress.ip_address(address) in subnet for subnet in _subnets(shown)):
                yield f"in {shown['Name']} {address} is outside {_subnets(shown)}"
    if shown["Driver"] == "bridge":
        for key in ("Name", "EndpointID", "MacAddress"):
            yield from twice(f"in {shown['Name']} the {key}", (each[key] for each in attached))
        for each in attached:
            if not all(each[key] for key in ("Name", "EndpointID", "MacAddress", "IPv4Address")):
                yield f"in {shown['Name']} an endpoint is half made: {each}"


def container(shown):
    """`GET /containers/{id}/json`: it runs, with all that takes, or it does not, with nothing of it."""
    state, settings = shown["State"], shown["NetworkSettings"]
    if state["Running"] != (state["Status"] == "running"):
        yield f"{shown['Name']} is half made: {state}"
    if not _shares(shown):
        if bool(settings["SandboxKey"]) != state["Running"]:
            yield f"{shown['Name']} is half made: SandboxKey {settings['SandboxKey']!r} while {state['Status']}"
        yield from _attachments(shown["Name"], state["Running"], settings["Networks"])


def _shares(shown) -> bool:
    """Whether its networks are another container's: what is written down for it means nothing."""
    return shown["HostConfig"]["NetworkMode"].startswith("container:")


def _attachments(name, runs: bool, attached):
    for network_name, endpoint in attached.items():
        filled = [bool(endpoint[key]) for key in ("EndpointID", "IPAddress", "MacAddress", "Gateway")]
        internal_or_none = network_name in ("none", "host")
        if runs and not internal_or_none and not all(filled[:3]):
            yield f"{name} runs, its endpoint on {network_name} is half made: {endpoint}"
        if not runs and any(filled):
            yield f"{name} does not run, its endpoint on {network_name} is half gone: {endpoint}"


def containers(listed):
    """`GET /containers/json`: names, addresses and MACs are nobody else's."""
    yield from twice("the name", (name for each in listed for name in each["Names"]))
    yield from twice("the id", (each["Id"] for each in listed))
    endpoints = [
        endpoint for each in listed for endpoint in each["NetworkSettings"]["Networks"].values() if endpoint["EndpointID"]
    ]
    for key in ("IPAddress", "GlobalIPv6Address"):
        yield from twice("the address", ((e["NetworkID"], e[key]) for e in endpoints if e[key]))
    yield from twice("the MAC", (e["MacAddress"] for e in endpoints if e["MacAddress"]))
    yield from twice("the endpoint", (e["EndpointID"] for e in endpoints))
    for each in listed:
        if _shares(each):
            continue
        yield from _attachments(each["Names"][0], each["State"] == "running", each["NetworkSettings"]["Networks"])
