extension Plan {
    /// The steps that lead from `observed` to `desired`; none when they agree.
    ///
    /// The order keeps DESIGN's principle 8, never open: links go down before what guards them is taken away, and
    /// elements are there before the link they guard comes up. Sysctls that are no longer wanted are left: they go
    /// with their link, and a host's own are not ours to guess.
    public init(from observed: State, to desired: State, removal: LinkRemoval = .deferred) {
        let links = LinkChanges(from: observed, to: desired)
        let present = links.survivors(of: observed)
        var steps: [Step] = []
        steps += links.removals(removal)
        steps += Self.detachments(from: present, to: desired, gone: links)
        if desired.hasTable, !observed.hasTable {
            steps.append(Step(.repairTable, reason: "chains or rules are missing or not ours"))
        }
        steps += Self.elementAdditions(from: observed, to: desired)
        steps += desired.pins.subtracting(observed.pins).sorted { $0.path < $1.path }
            .map { Step(.createNamespace($0), reason: "missing") }
        steps += links.creations()
        for namespace in Self.namespaces(of: desired) {
            steps += Self.attachments(in: namespace, from: present, to: desired, links: links)
        }
        steps += Self.elementRemovals(from: observed, to: desired)
        steps += observed.pins.subtracting(desired.pins).sorted { $0.path < $1.path }
            .map { Step(.removeNamespace($0), reason: "no longer wanted") }
        self.init(steps: steps)
    }

    /// The daemon's first, so that bridges are up before a container can send.
    private static func namespaces(of state: State) -> [Namespace] {
        var all: Set<Namespace> = []
        all.formUnion(state.links.keys.map(\.namespace))
        all.formUnion(state.addresses.map(\.link.namespace))
        all.formUnion(state.routes.keys.map(\.namespace))
        all.formUnion(state.sysctls.keys.map(\.namespace))
        all.formUnion(state.neighbours.keys.map(\.link.namespace))
        return all.sorted()
    }

    private static func attachments(
        in namespace: Namespace, from present: State, to desired: State, links: LinkChanges
    ) -> [Step] {
        var steps = links.changes(in: namespace)
        for (id, value) in desired.sysctls.filter({ $0.key.namespace == namespace }).sorted(by: {
            $0.key.path < $1.key.path
        })
        where present.sysctls[id] != value {
            let was = present.sysctls[id]
            steps.append(Step(.writeSysctl(id, value: value, was: was), reason: was.map { "is \($0)" } ?? "not set"))
        }
        steps += desired.addresses.subtracting(present.addresses).filter { $0.link.namespace == namespace }
            .sorted { ($0.link, $0.prefix) < ($1.link, $1.prefix) }.map { Step(.addAddress($0), reason: "missing") }
        steps += links.rises(in: namespace)
        for (id, route) in desired.routes.filter({ $0.key.namespace == namespace })
            .sorted(by: { $0.key.destination < $1.key.destination })
        where present.routes[id] != route {
            steps.append(Step(.setRoute(route), reason: present.routes[id] == nil ? "missing" : "leads elsewhere"))
        }
        for (id, neighbour) in desired.neighbours.filter({ $0.key.link.namespace == namespace })
            .sorted(by: { ($0.key.link, $0.key.address) < ($1.key.link, $1.key.address) })
        where present.neighbours[id] != neighbour {
            steps.append(Step(.setNeighbour(neighbour), reason: "missing"))
        }
        return steps
    }

    /// What goes although its link stays.
    private static func detachments(from present: State, to desired: State, gone: LinkChanges) -> [Step] {
        var steps: [Step] = []
        for (id, route) in present.routes.sorted(by: { $0.key.destination < $1.key.destination })
        where desired.routes[id] == nil && !gone.removes(LinkID(route.device, in: id.namespace)) {
            steps.append(Step(.removeRoute(route), reason: "no longer wanted"))
        }
        for (id, neighbour) in present.neighbours where desired.neighbours[id] == nil && !gone.removes(id.link) {
            steps.append(Step(.removeNeighbour(neighbour), reason: "no longer wanted"))
        }
        for address in present.addresses.subtracting(desired.addresses)
            .sorted(by: { ($0.link, $0.prefix) < ($1.link, $1.prefix) })
        where !gone.removes(address.link) {
            steps.append(Step(.removeAddress(address), reason: "no longer wanted"))
        }
        return steps
    }

    private static func elementAdditions(from observed: State, to desired: State) -> [Step] {
        desired.elements.values.sorted(by: SetElement.inOrder).compactMap { element in
            guard let old = observed.elements[element.id] else {
                return Step(.addElement(element), reason: "missing")
            }
            return old == element ? nil : Step(.replaceElement(old, by: element), reason: "differs")
        }
    }

    private static func elementRemovals(from observed: State, to desired: State) -> [Step] {
        observed.elements.values.filter { desired.elements[$0.id] == nil }.sorted(by: SetElement.inOrder)
            .map { Step(.removeElement($0), reason: "no longer wanted") }
    }
}

extension SetElement {
    /// By set, then key: what makes plans and their goldens the same every time.
    static func inOrder(_ left: SetElement, _ right: SetElement) -> Bool {
        (left.id.set, left.keyText) < (right.id.set, right.keyText)
    }
}
