internal import Addressing
internal import Dataplane
internal import Glibc
internal import Netlink

extension Execution {
    /// What is pending in the namespace and the steps, in one send.
    mutating func changeLinks(_ steps: [Step], in namespace: Namespace) throws(KernelError) {
        guard let first = steps.first ?? pending[namespace]?.first?.step else { return }
        do {
            _ = try socket(in: namespace)
        } catch {
            if pending[namespace] == nil, error.isVanishedNamespace, steps.allSatisfy(\.action.isRemoval) { return }
            throw KernelError(first, error)
        }
        let found = try resolve(Set(steps.compactMap(\.action.link)), in: namespace, for: first)
        try resolve(Set(steps.compactMap(\.action.newMaster)), in: namespace, for: first)
        try refuseConflicts(steps, in: namespace)
        var requests = pending.removeValue(forKey: namespace) ?? []
        for step in steps { requests += try self.requests(step, found) }
        let clashes = try send(requests, in: namespace)
        if !clashes.isEmpty { try replaceRoutes(clashes, in: namespace) }
    }

    /// The messages of a step. None when it is a removal of what is gone.
    private func requests(_ step: Step, _ found: [LinkID: Link]) throws(KernelError) -> [LinkRequest] {
        guard let id = step.action.link, let index = indices[id] else {
            if step.action.isRemoval { return [] }
            throw KernelError(step, errno: ENODEV)
        }
        switch step.action {
        case .changeLink(let old, let new): return try changes(from: old, to: new, index, step)
        case .setUp:
            // `lo` of an adopted namespace as a rule: it was up before us, and stays so whatever comes.
            return up.contains(id) ? [] : [LinkRequest(step, .change(index, LinkChange(up: true)))]
        case .setDown:
            try refuseForeign(found[id], step)
            // One that was down already is not to be brought up by an undo.
            return [LinkRequest(step, .change(index, LinkChange(up: false)), isFollowUp: !up.contains(id))]
        case .doomLink: return try dooming(found[id], step)
        case .addAddress(let address): return [LinkRequest(step, .addAddress(index, address))]
        case .removeAddress(let address): return [LinkRequest(step, .removeAddress(index, address))]
        case .setRoute(let route): return [LinkRequest(step, .addRoute(index, route))]
        case .removeRoute(let route): return [LinkRequest(step, .removeRoute(index, route))]
        case .setNeighbour(let neighbour): return [LinkRequest(step, .setNeighbour(index, neighbour))]
        case .removeNeighbour(let neighbour): return [LinkRequest(step, .removeNeighbour(index, neighbour))]
        default: return []
        }
    }

    private func changes(
        from old: LinkSpec, to new: LinkSpec, _ index: Int32, _ step: Step
    ) throws(KernelError) -> [LinkRequest] {
        var change = LinkChange()
        if new.isOwned, old.alias != new.alias { change.alias = new.alias }
        if let mac = new.mac, old.mac != mac { change.mac = mac }
        if let mtu = new.mtu, old.mtu != mtu { change.mtu = mtu }
        if let master = new.master, old.master != master {
            guard let bridge = indices[LinkID(master, in: new.id.namespace)] else {
                throw KernelError(step, errno: ENODEV, extack: "there is no link \(master)")
            }
            change.master = bridge
        }
        var requests: [LinkRequest] = []
        if !change.isEmpty { requests.append(LinkRequest(step, .change(index, change))) }
        // A new master begins with the default flags.
        if let port = new.port, old.port != port || change.master != nil {
            requests.append(LinkRequest(step, .port(index, port)))
        }
        if new.isOwned, old.withoutLinkLocal != new.withoutLinkLocal {
            let mode: Link.AddressGeneration = new.withoutLinkLocal ? .none : .eui64
            requests.append(LinkRequest(step, .addressGeneration(index, mode)))
        }
        return requests
    }

    /// Down first, so that nothing passes from then on; the new name last: it says that all is done.
    private func dooming(_ link: Link?, _ step: Step) throws(KernelError) -> [LinkRequest] {
        guard let link else { return [] }
        try refuseForeign(link, step)
        let name = LinkGroups.doomedName(of: link.index)
        var requests = [LinkRequest(step, .change(link.index, LinkChange(up: false)))]
        if link.master != nil { requests.append(LinkRequest(step, .change(link.index, LinkChange(master: 0)))) }
        requests.append(
            LinkRequest(
                step, .change(link.index, LinkChange(name: name, group: tools.groups.doomed)),
                dooms: Collector.Doomed(name: name, isBridge: link.kind == "bridge")))
        return requests
    }

    /// Only what is known to be ours is taken down or deleted; in a container that is told by the alias.
    func refuseForeign(_ link: Link?, _ step: Step) throws(KernelError) {
        guard let link, !link.isLoopback, !tools.groups.own(link) else { return }
        throw KernelError(step, errno: EPERM, extack: "the link is not one of Fairlead's")
    }

    /// A container's address may not overlap what another of its links leads to: as in Docker, that is refused, although
    /// the kernel would take it.
    private mutating func refuseConflicts(_ steps: [Step], in namespace: Namespace) throws(KernelError) {
        guard namespace != .daemon else { return }
        var routes: [AddressFamily: [Route]] = [:]
        for step in steps {
            guard case .addAddress(let address) = step.action, !address.prefix.address.isLinkLocalUnicast else {
                continue
            }
            let family = address.prefix.family
            if routes[family] == nil {
                routes[family] = try ask(in: namespace, for: step) { try $0.routes(of: [family]) }
            }
            let conflict = routes[family]?.first {
                $0.destination.length > 0 && $0.link != indices[address.link]
                    && $0.destination.overlaps(address.prefix)
            }
            if let conflict { throw KernelError(step, errno: EEXIST, conflict: ConflictingRoute(conflict)) }
        }
    }
}

extension Step.Action {
    /// The link a step works on.
    fileprivate var link: LinkID? {
        switch self {
        case .changeLink(_, let link), .doomLink(let link): link.id
        case .setUp(let id), .setDown(let id): id
        case .addAddress(let address), .removeAddress(let address): address.link
        case .setRoute(let route), .removeRoute(let route): LinkID(route.device, in: route.id.namespace)
        case .setNeighbour(let neighbour), .removeNeighbour(let neighbour): neighbour.id.link
        default: nil
        }
    }

    /// The bridge a link is to become a port of.
    fileprivate var newMaster: LinkID? {
        guard case .changeLink(let old, let new) = self, old.master != new.master else { return nil }
        return new.master.map { LinkID($0, in: new.id.namespace) }
    }
}

extension Error {
    /// Whether a namespace could not be opened because it isn't there any more.
    var isVanishedNamespace: Bool {
        switch self {
        case .notANamespace as NamespaceError, .replaced as NamespaceError: true
        case let error as NamespaceError: [ENOENT, ENOTDIR, ESRCH].contains(error.errno)
        default: false
        }
    }
}
