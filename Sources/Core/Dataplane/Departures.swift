/// Links and namespaces that go, and with them all that is theirs.
struct Departures {
    var links: Set<LinkID> = []
    /// Those of the links that are bridges: they release their ports.
    private var bridges: Set<LinkID> = []
    var namespaces: Set<Namespace> = []

    var isEmpty: Bool { links.isEmpty && namespaces.isEmpty }

    /// A veth takes its other end along.
    mutating func insert(_ spec: LinkSpec) {
        links.insert(spec.id)
        if let other = spec.otherEnd { links.insert(other) }
        if spec.kind == .bridge { bridges.insert(spec.id) }
    }

    func releases(_ port: LinkSpec) -> Bool {
        guard !bridges.isEmpty, let master = port.master else { return false }
        return bridges.contains(LinkID(master, in: port.id.namespace))
    }

    func takes(_ link: LinkID) -> Bool { links.contains(link) || namespaces.contains(link.namespace) }
}

extension State {
    /// Takes out what goes, in one pass however much that is.
    mutating func remove(_ departures: Departures) {
        guard !departures.isEmpty else { return }
        var going = departures
        for spec in links.values where departures.namespaces.contains(spec.id.namespace) { going.insert(spec) }
        links = links.filter { !going.takes($0.key) }
        for port in Array(links.values) where going.releases(port) { links[port.id]?.master = nil }
        addresses = addresses.filter { !going.takes($0.link) }
        routes = routes.filter { !going.takes(LinkID($0.value.device, in: $0.key.namespace)) }
        neighbours = neighbours.filter { !going.takes($0.key.link) }
        sysctls = sysctls.filter { id, _ in
            !(going.namespaces.contains(id.namespace) || id.link.map(going.takes) == true)
        }
    }
}
