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
        steps += Attachments(from: present, to: desired, links: links).steps
        steps += Self.elementRemovals(from: observed, to: desired)
        steps += observed.pins.subtracting(desired.pins).sorted { $0.path < $1.path }
            .map { Step(.removeNamespace($0), reason: "no longer wanted") }
        self.init(steps: steps)
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
        let wanted = desired.elements.values.filter { observed.elements[$0.id] != $0 }
        return SetElement.inOrder(wanted).map { element in
            guard let old = observed.elements[element.id] else {
                return Step(.addElement(element), reason: "missing")
            }
            return Step(.replaceElement(old, by: element), reason: "differs")
        }
    }

    private static func elementRemovals(from observed: State, to desired: State) -> [Step] {
        SetElement.inOrder(observed.elements.values.filter { desired.elements[$0.id] == nil })
            .map { Step(.removeElement($0), reason: "no longer wanted") }
    }
}

extension SetElement {
    /// By set, then key: what makes plans and their goldens the same every time.
    fileprivate static func inOrder(_ elements: [SetElement]) -> [SetElement] {
        elements.map { (key: $0.keyText, element: $0) }
            .sorted { ($0.element.id.set, $0.key) < ($1.element.id.set, $1.key) }.map(\.element)
    }
}
