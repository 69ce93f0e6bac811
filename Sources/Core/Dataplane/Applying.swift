extension State {
    /// What the state is after the plan, if the kernel does as it is told. `plan(apply(plan)) == []`.
    public func applying(_ plan: Plan) -> State {
        var state = self
        var departures = Departures()
        for step in plan.steps {
            // Removals come in a row: what went with them is taken out once for all of them.
            if !step.action.removesLinks {
                state.remove(departures)
                departures = Departures()
            }
            state.apply(step.action, &departures)
        }
        state.remove(departures)
        return state
    }

    /// One step's effect, as far as a state shows it.
    private mutating func apply(_ action: Step.Action, _ departures: inout Departures) {
        switch action {
        case .repairTable: hasTable = true
        case .addElement(let element), .replaceElement(_, by: let element): insert(element)
        case .removeElement(let element): elements[element.id] = nil
        case .createNamespace(let pin): pins.insert(pin)
        case .removeNamespace(let pin):
            pins.remove(pin)
            departures.namespaces.insert(.path(pin.path))
        case .createLink(let spec, let peer): create(spec, peer)
        case .changeLink(let old, let new): change(old, to: new)
        case .setUp(let id): setUp(true, id)
        case .setDown(let id): setUp(false, id)
        case .deleteLink(let spec), .doomLink(let spec): departures.insert(spec)
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
}

extension Step.Action {
    /// Whether it is one of the steps by which links go.
    fileprivate var removesLinks: Bool {
        switch self {
        case .setDown, .deleteLink, .doomLink, .removeNamespace: true
        default: false
        }
    }
}
