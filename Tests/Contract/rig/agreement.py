"""Whether the kernel is what the store says: read with sqlite3, `ip -j` and `nft -j`, not with the daemon's own reader.

For bridge networks and containers with namespaces, of their own or adopted; others have nothing in the kernel."""

import ipaddress
import json

from .daemon import DOOMED
from .namespaces import Netns, until

_NETWORKS = "SELECT id, name, is_internal, enable_ipv4, enable_ipv6 FROM network WHERE driver = 'bridge' AND is_config_only = 0"
_CONTAINERS = "SELECT id, name, status, sandbox, json_extract(host, '$.networkMode') AS mode FROM container"
_ENDPOINTS = "SELECT id, network, container, hex(mac) AS mac, interface, host_interface FROM endpoint"
_ADDRESSES = "SELECT network, role, endpoint, family, hex(address) AS address, length FROM address"


def _address(row) -> str:
    raw = bytes.fromhex(row["address"])
    return str(ipaddress.ip_address(raw[-4:] if row["family"] == 4 else raw))


class Store:
    """What the rows say."""

    def __init__(self, daemon):
        self.networks = {row["id"]: row for row in daemon.rows(_NETWORKS)}
        self.all_networks = {row["id"] for row in daemon.rows("SELECT id FROM network")}
        self.containers = {row["id"]: row for row in daemon.rows(_CONTAINERS)}
        self.endpoints = {row["id"]: row for row in daemon.rows(_ENDPOINTS)}
        self.addresses = daemon.rows(_ADDRESSES)

    def bridge(self, network: str) -> str:
        return "fairlead0" if self.networks[network]["name"] == "bridge" else f"br-{network[:12]}"

    @property
    def running(self) -> list:
        """Containers that shall have a namespace, of their own or adopted."""
        return [
            row for row in self.containers.values()
            if row["status"] == "running" and not row["mode"].startswith("container:") and row["mode"] != "host"
        ]

    def adopts(self, row) -> str:
        """The path of the namespace that a running container has adopted."""
        sandbox = json.loads(row["sandbox"] or "{}")
        return sandbox.get("path", "") if sandbox.get("isAdopted") else ""

    def attached(self) -> list:
        """Endpoints that shall be in the kernel."""
        return [
            e for e in self.endpoints.values()
            if self.containers[e["container"]]["status"] == "running" and e["network"] in self.networks
        ]

    def addresses_of(self, endpoint: str) -> list:
        return [row for row in self.addresses if row["endpoint"] == endpoint]

    def loose_ends(self) -> list:
        """Rows that no object owns."""
        found = [f"address {_address(row)} of no network" for row in self.addresses
                 if row["network"] not in self.networks]
        found += [f"address {_address(row)} of no endpoint" for row in self.addresses
                  if row["endpoint"] and row["endpoint"] not in self.endpoints]
        found += [f"endpoint {e['id'][:12]} of no container or network" for e in self.endpoints.values()
                  if e["container"] not in self.containers or e["network"] not in self.all_networks]
        keys = [(row["family"], row["address"]) for row in self.addresses]
        return found + [f"address {key} twice" for key in {key for key in keys if keys.count(key) > 1}]

    # --- what that makes the kernel

    def links(self) -> dict:
        """By name: master, MAC (where the store knows it)."""
        wanted = {self.bridge(network): None for network in self.networks}
        for endpoint in self.attached():
            wanted[endpoint["host_interface"]] = self.bridge(endpoint["network"])
        return wanted

    def inside(self, container: str) -> dict:
        """Interfaces of a container: MAC and addresses."""
        return {
            e["interface"]: (
                ":".join(e["mac"][i:i + 2] for i in range(0, 12, 2)).lower(),
                sorted(f"{_address(row)}/{row['length']}" for row in self.addresses_of(e["id"])),
            )
            for e in self.attached() if e["container"] == container
        }

    def elements(self) -> set:
        """(set, key…) for each."""
        wanted = set()
        for network, row in self.networks.items():
            bridge = self.bridge(network)
            wanted.add(("within", bridge, bridge))
            for family in ("ipv4", "ipv6"):
                leaves = row[f"enable_{family}"] and not row["is_internal"]
                wanted.add(("protected", family, bridge))
                wanted.add(("outbound" if leaves else "confined", family, bridge))
                if leaves:
                    wanted.add(("translated", family, bridge))
        for endpoint in self.attached():
            if self.networks[endpoint["network"]]["is_internal"]:
                continue
            for row in self.addresses_of(endpoint["id"]):
                wanted.add((f"guarded{row['family']}", _address(row)))
                wanted.add((f"direct{row['family']}", _address(row), self.bridge(endpoint["network"])))
        return wanted


class Kernel:
    """What is there."""

    def __init__(self, daemon):
        self.daemon = daemon
        everything = {link["ifname"]: link for link in daemon.space.ip("addr")}
        self.doomed = [name for name in everything if DOOMED.match(name)]
        self.links = {
            name: link.get("master") for name, link in everything.items()
            if name not in ("lo", "out0") and name not in self.doomed
        }
        self.down = [name for name in self.links if "UP" not in everything[name]["flags"]]
        root = daemon.space.host_path(f"{daemon.exec_root}/netns")
        self.pins = set(daemon.space.run("ls", f"{daemon.exec_root}/netns").split())
        self.mounts = {point.rsplit("/", 1)[1] for point in daemon.space.mounts(daemon.exec_root)}
        self.pinned = {pin: Netns(f"{root}/{pin}", pin) for pin in self.mounts}

    def inside(self, netns: Netns, foreign=("lo",)) -> dict:
        found = {}
        for link in netns.ip("addr"):
            if link["ifname"] in foreign:
                continue
            addresses = [f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"] if a["scope"] == "global"]
            found[link["ifname"]] = (link["address"], sorted(addresses))
        return found

    def elements(self) -> set:
        found = set()
        for item in self.daemon.table():
            kind = item.get("set") or item.get("map")
            if not kind or kind["name"] == "closed":
                continue
            for element in kind.get("elem", []):
                key = element[0] if isinstance(element, list) else element
                key = key.get("elem", {}).get("val", key) if isinstance(key, dict) else key
                parts = key["concat"] if isinstance(key, dict) and "concat" in key else [key]
                found.add((kind["name"], *map(str, parts)))
        return found


def disagreements(daemon, guests=None) -> list:
    """How store and kernel differ, in words; empty when they agree. `guests` are the namespaces that may be adopted, by
    path: each with the names of the interfaces that are not ours."""
    store, kernel = Store(daemon), Kernel(daemon)
    found = store.loose_ends()
    for name in sorted({*store.links(), *kernel.links}):
        wanted, seen = store.links().get(name, "no link"), kernel.links.get(name, "no link")
        if wanted != seen:
            found.append(f"link {name}: the store says {wanted}, the kernel has {seen} (masters)")
    found += [f"link {name} is down" for name in kernel.down]
    found += [f"doomed link {name}" for name in kernel.doomed]
    own = {row["id"][:12]: row for row in store.running if not store.adopts(row)}
    adopters = {store.adopts(row): row for row in store.running if store.adopts(row)}
    wanted = set(own)
    for what, seen in (("pins", kernel.pins), ("mounts", kernel.mounts)):
        if wanted != seen:
            found.append(f"{what}: {sorted(wanted - seen)} missing, {sorted(seen - wanted)} too many")
    for pin, row in own.items():
        if pin in kernel.mounts and (seen := kernel.inside(kernel.pinned[pin])) != store.inside(row["id"]):
            found.append(f"{row['name']} has {seen} inside, the store says {store.inside(row['id'])}")
    for path, (netns, foreign) in (guests or {}).items():
        wanted = store.inside(adopters[path]["id"]) if path in adopters else {}
        if (seen := kernel.inside(netns, foreign)) != wanted:
            found.append(f"{path} has {seen} of ours inside, the store says {wanted}")
    wanted, seen = store.elements(), kernel.elements()
    found += [f"element {key} is missing" for key in sorted(wanted - seen)]
    found += [f"element {key} belongs to nothing" for key in sorted(seen - wanted)]
    return found


def agrees(daemon, seconds=8.0, guests=None):
    """The world is one again, soon: links are deleted off the request path."""
    found = []

    def same():
        found[:] = disagreements(daemon, guests)
        return not found

    try:
        until(same, seconds)
    except AssertionError:
        raise AssertionError("\n".join(["store and kernel differ:", *found, daemon.log_tail()])) from None
