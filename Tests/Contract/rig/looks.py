"""All that can be seen of a daemon's world, to be compared with what is seen later."""

import re


def seen_by_clients(api) -> tuple:
    """Everything that inspect tells, but for what restarts with the daemon."""
    networks = sorted((api.inspect_network(each["Id"]) for each in api.get("/networks").json), key=lambda n: n["Id"])
    containers = sorted((api.inspect(each["Id"]) for each in api.get("/containers/json?all=1").json), key=lambda c: c["Id"])
    return networks, containers


def seen_by_the_kernel(daemon, names) -> dict:
    """Links, rules with their handles, and what the running containers of those names have inside."""
    def essence(links):
        return {
            name: (link["ifindex"], link["address"], link.get("master"), link.get("ifalias"), tuple(sorted(link["flags"])), link["mtu"])
            for name, link in links.items()
        }

    return {
        "links": essence(daemon.space.links()),
        "table": daemon.table(handles=True),
        "inside": {name: essence(daemon.container(name).links()) for name in names},
        "addresses": {name: daemon.container(name).ip("addr") for name in names},
        "routes": {name: daemon.container(name).ip("route") for name in names},
        "mounts": sorted(daemon.space.mounts(daemon.exec_root)),
    }


def counters(daemon) -> dict:
    """Packets by what counts them: a rule by its handle, an element by its set and value."""
    found = {}
    for item in daemon.space.nft("list", "table", "inet", "fairlead"):
        if "rule" in item:
            for statement in item["rule"]["expr"]:
                if isinstance(statement, dict) and isinstance(statement.get("counter"), dict):
                    found["rule", item["rule"]["handle"]] = statement["counter"]["packets"]
        for kind in ("set", "map"):
            for element in item.get(kind, {}).get("elem", []):
                inner = element[0] if isinstance(element, list) else element
                inner = inner.get("elem", {}) if isinstance(inner, dict) else {}
                if "counter" in inner:
                    found[kind, item[kind]["name"], str(inner["val"])] = inner["counter"]["packets"]
    return found


def connections(space) -> set:
    """conntrack entries: their number and both directions, without time and counters."""
    lines = space.run("conntrack", "-L", "-o", "id", "-f", "ipv4").splitlines()
    lines += space.run("conntrack", "-L", "-o", "id", "-f", "ipv6").splitlines()
    kept = set()
    for line in lines:
        number = re.search(r" id=(\d+)", line)
        kept.add((number.group(1), tuple(re.findall(r"(?:src|dst|sport|dport|id)=\S+", line))))
    return kept
