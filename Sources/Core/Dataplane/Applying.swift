extension State {
    /// What the state is after the plan, if the kernel does as it is told. `plan(apply(plan)) == []`.
    public func applying(_ plan: Plan) -> State {
        var state = self
        for step in plan.steps { state.apply(step.action) }
        return state
    }

    /// One step's effect, as far as a state shows it.
    public mutating func apply(_ action: Step.Action) {
        switch action {
        case .repairTable: hasTable = true
        case .addElement(let element), .replaceElement(_, by: let element): insert(element)
        case .removeElement(let element): elements[element.id] = nil
        case .createNamespace(let pin): pins.insert(pin)
        case .removeNamespace(let pin): removeNamespace(pin)
        case .createLink(let spec, let peer): create(spec, peer)
        case .changeLink(let old, let new): change(old, to: new)
        case .setUp(let id): setUp(true, id)
        case .setDown(let id): setUp(false, id)
        case .deleteLink(let spec), .doomLink(let spec): removeLink(spec)
        case .addAddress(let address): addresses.insert(address)
        case .removeAddress(let address): addresses.remove(address)
        case .setRoute(let route): insert(route)
        case .removeRoute(let route): routes[route.id] = nil
        case .setNeighbour(let neighbour): insert(neighbour)
        case .removeNeighbour(let neighbour): neighbours[neighbour.id] = nil
        case .writeSysctl(let id, let value, _): sysctls[id] = value
        }
    }

    private mutating func create(_ spec: LinkSpec, _ peer: LinkSpec?) {
        for var link in [spec, peer].compactMap(\.self) {
            link.up = false
            insert(link)
        }
    }

    private mutating func change(_ old: LinkSpec, to new: LinkSpec) {
        var link = new
        link.up = old.up
        insert(link)
    }

    /// `lo` and a bridge of somebody else's are there before they are known.
    private mutating func setUp(_ up: Bool, _ id: LinkID) {
        links[id, default: LinkSpec(id: id, kind: .loopback, up: up)].up = up
    }

    private mutating func removeLink(_ spec: LinkSpec) {
        let gone = Set([spec.id, spec.otherEnd].compactMap(\.self))
        for id in gone { links[id] = nil }
        addresses = addresses.filter { !gone.contains($0.link) }
        routes = routes.filter { !gone.contains(LinkID($0.value.device, in: $0.key.namespace)) }
        neighbours = neighbours.filter { !gone.contains($0.key.link) }
        sysctls = sysctls.filter { id, _ in !gone.contains { id.belongs(to: $0) } }
        if spec.kind == .bridge {
            for (id, port) in links where port.master == spec.id.name && id.namespace == spec.id.namespace {
                links[id]?.master = nil
            }
        }
    }

    private mutating func removeNamespace(_ pin: NamespacePin) {
        pins.remove(pin)
        let namespace = Namespace.path(pin.path)
        for spec in links.values where spec.id.namespace == namespace { removeLink(spec) }
        links = links.filter { $0.key.namespace != namespace }
        addresses = addresses.filter { $0.link.namespace != namespace }
        routes = routes.filter { $0.key.namespace != namespace }
        neighbours = neighbours.filter { $0.key.link.namespace != namespace }
        sysctls = sysctls.filter { $0.key.namespace != namespace }
    }
}

extension SysctlID {
    /// Whether it is one of a link's own: `…/conf/<link>/…`.
    func belongs(to link: LinkID) -> Bool {
        namespace == link.namespace && path.split(separator: "/").contains(Substring(link.name))
    }
}
