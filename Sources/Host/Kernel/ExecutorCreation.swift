internal import Dataplane
internal import Glibc
internal import Netlink

extension Execution {
    /// A link to be made, with its other end if it is a veth.
    private struct Creation {
        let step: Step
        let link: LinkSpec
        /// The other end: with what is known of it, or only where it shall be.
        let peer: LinkSpec?
    }

    /// Creates the links, ports after their bridges.
    mutating func createLinks(_ steps: [Step]) throws(KernelError) {
        var wave: [Creation] = []
        for step in steps {
            let creation = try Self.creation(step)
            if let master = creation.link.master, wave.contains(where: { $0.link.id.name == master }) {
                try create(wave)
                wave = []
            }
            wave.append(creation)
        }
        try create(wave)
    }

    private static func creation(_ step: Step) throws(KernelError) -> Creation {
        guard case .createLink(let link, let peer) = step.action, link.id.namespace == .daemon else {
            throw KernelError(step, errno: EINVAL, extack: "links are created in the daemon's namespace")
        }
        switch link.kind {
        case .bridge: return Creation(step: step, link: link, peer: nil)
        case .veth(let id):
            return Creation(step: step, link: link, peer: peer ?? LinkSpec(id: id, kind: .vethPeer(of: link.id)))
        case .vethPeer, .loopback, .foreign:
            throw KernelError(step, errno: EINVAL, extack: "a link of this kind is not created")
        }
    }

    /// One send. Where an index turned out to be taken, others are chosen, eight times at most.
    private mutating func create(_ wave: [Creation]) throws(KernelError) {
        guard let first = wave.first else { return }
        let masters = Set(wave.compactMap { $0.link.master.map { LinkID($0) } })
        try resolve(masters, in: .daemon, for: first.step)
        for creation in wave {
            guard let master = creation.link.master, indices[LinkID(master)] == nil else { continue }
            throw KernelError(creation.step, errno: ENODEV, extack: "there is no link \(master)")
        }
        let namespaces = try open(wave)
        var rest = wave
        var failure: KernelError?
        for attempt in 0..<8 where !rest.isEmpty {
            var again: [Creation] = []
            let numbers = try send(rest, namespaces, attempt: attempt)
            for (creation, outcome) in zip(rest, numbers) {
                if outcome.answer.isSuccess {
                    finish(creation, outcome.indices)
                } else if Self.meansTakenIndex(outcome.answer.errno, attempt) {
                    again.append(creation)
                } else {
                    let (errno, extack) = (outcome.answer.errno, outcome.answer.extack)
                    failure = failure ?? KernelError(creation.step, errno: errno, extack: extack)
                }
            }
            if failure != nil { break }
            rest = again
        }
        if let failure { throw failure }
    }

    /// EBUSY is for a peer's index that is taken. EEXIST can be for an index or a name: with an index that nobody had when
    /// the links were just listed, it is for the name.
    private static func meansTakenIndex(_ errno: Int32, _ attempt: Int) -> Bool {
        errno == EBUSY && attempt < 7 || errno == EEXIST && attempt == 0
    }

    /// The namespaces that the peers are born in, open until they are.
    private mutating func open(_ wave: [Creation]) throws(KernelError) -> [Namespace: OpenNamespace] {
        var handles: [Namespace: OpenNamespace] = [:]
        for creation in wave {
            guard let namespace = creation.peer?.id.namespace, namespace != .daemon, handles[namespace] == nil else {
                continue
            }
            do {
                handles[namespace] = try open(namespace)
            } catch {
                throw KernelError(creation.step, error)
            }
        }
        return handles
    }

    private mutating func send(
        _ wave: [Creation], _ namespaces: [Namespace: OpenNamespace], attempt: Int
    ) throws(KernelError) -> [(indices: [Int32], answer: Acknowledgement)] {
        guard let first = wave.first else { return [] }
        let indices = tools.indices
        let numbers = try ask(in: .daemon, for: first.step) { socket in
            if attempt > 0 {
                try indices.reseed(socket)
                indices.skip(Int32(1) << Int32(2 * attempt))
            }
            return try wave.map { _ in try indices.draw(2, socket) }
        }
        do throws(KernelError) {
            let messages = try zip(wave, numbers).map { creation, numbers throws(KernelError) in
                try message(creation, numbers, namespaces)
            }
            let answers = try ask(in: .daemon, for: first.step) { try $0.transact(messages) }
            return zip(numbers, answers).map { ($0, $1) }
        } catch {
            // Some may be there.
            for creation in wave { note(creation.step) }
            throw error
        }
    }

    private func message(
        _ creation: Creation, _ indices: [Int32], _ namespaces: [Namespace: OpenNamespace]
    ) throws(KernelError) -> Message {
        var link = newLink(creation.link, indices[0])
        do throws(NetlinkError) {
            guard let peer = creation.peer else {
                link.mtu = nil  // see `followUps`
                return try Message.createBridge(link)
            }
            return try Message.createVeth(
                link, peer: newLink(peer, indices[1]), inNamespace: namespaces[peer.id.namespace]?.descriptor)
        } catch {
            throw KernelError(creation.step, error)
        }
    }

    private func newLink(_ spec: LinkSpec, _ index: Int32) -> Message.NewLink {
        Message.NewLink(
            name: spec.id.name, index: index, group: tools.groups.owned, mac: spec.mac, mtu: spec.mtu,
            master: spec.master.flatMap { self.indices[LinkID($0, in: spec.id.namespace)] })
    }

    private mutating func finish(_ creation: Creation, _ numbers: [Int32]) {
        note(creation.step)
        for (spec, index) in zip([creation.link, creation.peer].compactMap(\.self), numbers) {
            indices[spec.id] = index
            pending[spec.id.namespace, default: []] += Self.followUps(spec, index).map {
                LinkRequest(creation.step, $0, isFollowUp: true)
            }
        }
    }

    /// What the kernel doesn't take at creation. A bridge's MTU is set afterwards, since only then the kernel holds on to
    /// it when ports come and go.
    private static func followUps(_ spec: LinkSpec, _ index: Int32) -> [LinkRequest.Content] {
        var contents: [LinkRequest.Content] = []
        let change = LinkChange(
            alias: spec.alias.isEmpty ? nil : spec.alias, mtu: spec.kind == .bridge ? spec.mtu : nil)
        if !change.isEmpty { contents.append(.change(index, change)) }
        if let port = spec.port, port != LinkSpec.Port() { contents.append(.port(index, port)) }
        if spec.withoutLinkLocal { contents.append(.addressGeneration(index, .none)) }
        return contents
    }
}
