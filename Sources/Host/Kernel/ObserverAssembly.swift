internal import Dataplane
internal import Netlink

/// Makes an observation of what was read in the namespaces.
struct ObserverAssembly {
    private let groups: LinkGroups
    private let daemon: NamespaceView
    private let containers: [NamespaceView]
    private let foreign: Set<LinkID>
    private let known: Set<LinkID>
    private let wanted: Set<AddressSpec>
    /// The names in the daemon's namespace by index.
    private let names: [Int32: String]

    init(
        groups: LinkGroups, daemon: NamespaceView, containers: [NamespaceView], foreign: Set<LinkID>,
        known: Set<LinkID>, wanted: Set<AddressSpec>
    ) {
        self.groups = groups
        self.daemon = daemon
        self.containers = containers
        self.foreign = foreign
        self.known = known
        self.wanted = wanted
        names = Dictionary(daemon.links.map { ($0.index, $0.name) }) { first, _ in first }
    }

    var observation: Observation {
        var observation = Observation()
        /// The other ends of our veths: where they are, and whose.
        var peers: [Place: LinkID] = [:]
        var owned: [(Link, LinkID)] = []
        for link in daemon.links {
            let id = LinkID(link.name)
            switch ownership(of: link, id) {
            case .ours:
                owned.append((link, id))
                if link.kind == "veth", let peer = link.peer {
                    peers[Place(number: link.peerNamespace, index: peer)] = id
                }
            case .doomed: observation.doomed.append(id)
            case .unnamed: observation.unnamed.append(id)
            case .foreign where foreign.contains(id) || known.contains(id):
                observation.state.insert(spec(link, id, .foreign))
            case .foreign: break
            }
        }
        var places: [Place: LinkID] = [:]
        for link in daemon.links { places[Place(number: nil, index: link.index)] = LinkID(link.name) }
        for view in containers {
            if view.isVanished { observation.vanished.insert(view.namespace) }
            add(view, peers, &places, &observation.state)
        }
        for (link, id) in owned {
            guard let kind = kind(of: link, places) else { continue }
            observation.state.insert(spec(link, id, kind))
        }
        addParts(of: daemon, &observation.state)
        return observation
    }

    /// Where a link is, as the daemon's namespace sees it.
    private struct Place: Hashable {
        /// Nil for the daemon's own namespace.
        let number: Int32?
        let index: Int32
    }

    private enum Ownership {
        case ours, unnamed, doomed, foreign
    }

    private func ownership(of link: Link, _ id: LinkID) -> Ownership {
        if groups.isDoomed(link) { return .doomed }
        if link.alias.hasPrefix(LinkGroups.aliasPrefix) { return .ours }
        guard link.group == groups.owned else { return .foreign }
        return known.contains(id) ? .ours : .unnamed
    }

    private func kind(of link: Link, _ places: [Place: LinkID]) -> LinkSpec.Kind? {
        switch link.kind {
        case "bridge": return .bridge
        case "veth":
            // The other end may be in a namespace that nobody asked about: then it has no name here.
            let place = link.peer.map { Place(number: link.peerNamespace, index: $0) }
            return .veth(peer: place.flatMap { places[$0] } ?? LinkID("", in: .path("")))
        default: return nil
        }
    }

    /// A container's loopback, and those of its links whose other end is ours. Others are somebody else's.
    private func add(
        _ view: NamespaceView, _ peers: [Place: LinkID], _ places: inout [Place: LinkID], _ state: inout State
    ) {
        for link in view.links {
            let id = LinkID(link.name, in: view.namespace)
            if link.isLoopback {
                state.insert(spec(link, id, .loopback))
            } else if let number = view.number, link.kind == "veth",
                let other = peers[Place(number: number, index: link.index)]
            {
                places[Place(number: number, index: link.index)] = id
                state.insert(spec(link, id, .vethPeer(of: other)))
            } else if link.kind == "veth", known.contains(id), groups.own(link) {
                // Its host end was taken elsewhere: in the way of a new pair.
                state.insert(spec(link, id, .vethPeer(of: LinkID("", in: .path("")))))
            } else if foreign.contains(id) {
                state.insert(spec(link, id, .foreign))
            }
        }
        addParts(of: view, &state)
    }

    /// Addresses, routes and neighbours of the links in the state. A veth's other end in the daemon's namespace aside,
    /// that is also true of the owned ones.
    private func addParts(of view: NamespaceView, _ state: inout State) {
        let names = Dictionary(view.links.map { ($0.index, $0.name) }) { first, _ in first }
        func counted(_ index: Int32) -> LinkID? {
            guard let name = names[index] else { return nil }
            let id = LinkID(name, in: view.namespace)
            guard let link = state.links[id], link.kind != .loopback else { return nil }
            return id
        }
        for address in view.addresses {
            guard let id = counted(address.link) else { continue }
            // Before Linux 5.18 none is marked.
            let spec = AddressSpec(link: id, prefix: address.prefix)
            if address.origin == LinkAddress.ours || wanted.contains(spec) { state.addresses.insert(spec) }
        }
        for route in view.routes {
            guard let device = names[route.link] else { continue }
            let id = RouteSpec.ID(namespace: view.namespace, destination: route.destination)
            state.insert(RouteSpec(id: id, gateway: route.gateway, device: device))
        }
        for neighbour in view.neighbours {
            guard let id = counted(neighbour.link) else { continue }
            state.insert(NeighbourSpec(id: .init(link: id, address: neighbour.address), mac: neighbour.mac))
        }
        for (path, value) in view.sysctls { state.sysctls[SysctlID(path, in: view.namespace)] = value }
    }

    private func spec(_ link: Link, _ id: LinkID, _ kind: LinkSpec.Kind) -> LinkSpec {
        LinkSpec(
            id: id, kind: kind, alias: kind == .foreign || kind == .loopback ? "" : link.alias, mac: link.mac,
            mtu: link.mtu, master: id.namespace == .daemon ? link.master.flatMap { names[$0] } : nil,
            port: link.port.map { LinkSpec.Port(isolated: $0.isolated, hairpin: $0.hairpin) },
            withoutLinkLocal: link.addressGeneration == nil || link.addressGeneration == Link.AddressGeneration.none,
            up: link.isUp)
    }
}
