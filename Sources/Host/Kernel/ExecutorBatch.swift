internal import Dataplane
internal import Glibc
internal import Netlink

extension Execution {
    /// Looks up the links whose indexes aren't known yet.
    ///
    /// - Returns: those that were looked up.
    @discardableResult
    mutating func resolve(
        _ links: Set<LinkID>, in namespace: Namespace, for step: Step
    ) throws(KernelError) -> [LinkID: Link] {
        let unknown = links.filter { indices[$0] == nil }
        guard !unknown.isEmpty else { return [:] }
        let found = try ask(in: namespace, for: step) { try $0.links(named: unknown.map(\.name)) }
        var links: [LinkID: Link] = [:]
        for (name, link) in found {
            let id = LinkID(name, in: namespace)
            learn(id, link)
            links[id] = link
        }
        return links
    }

    /// Sends the requests at once, and notes the steps that were done.
    ///
    /// - Returns: the routes that were refused because there is one to that destination.
    /// - Throws: The first refusal.
    mutating func send(_ requests: [LinkRequest], in namespace: Namespace) throws(KernelError) -> [LinkRequest] {
        guard let first = requests.first else { return [] }
        let answers: [Acknowledgement]
        do throws(KernelError) {
            answers = try ask(in: namespace, for: first.step) { socket in
                try socket.transact(requests.map { request in try request.message() })
            }
        } catch {
            // Some may be done.
            for request in requests where !request.isFollowUp { note(request.step) }
            throw error
        }
        var failure: KernelError?
        var clashes: [LinkRequest] = []
        for (request, answer) in zip(requests, answers) {
            if answer.isSuccess {
                finish(request)
            } else if answer.errno == EEXIST, case .addRoute = request.content {
                clashes.append(request)
            } else if !request.tolerates(answer.errno) {
                failure = failure ?? KernelError(request.step, errno: answer.errno, extack: answer.extack)
            }
        }
        if let failure { throw failure }
        return clashes
    }

    private mutating func finish(_ request: LinkRequest) {
        if !request.isFollowUp { note(request.step) }
        if let doomed = request.dooms {
            if case .doomLink(let link) = request.step.action { indices[link.id] = nil }
            tools.collector.add(doomed)
        }
    }

    /// A route of ours in the way is replaced; somebody else's is not.
    mutating func replaceRoutes(_ clashes: [LinkRequest], in namespace: Namespace) throws(KernelError) {
        for clash in clashes {
            guard case .addRoute(let link, let spec) = clash.content else { continue }
            let old = try ask(in: namespace, for: clash.step) { try Self.ours(spec.id, $0) }
            guard let old else { throw KernelError(clash.step, errno: EEXIST) }
            _ = try send([LinkRequest(clash.step, .replaceRoute(link, spec), isFollowUp: true)], in: namespace)
            note(clash.step, inverse: .setRoute(old))
        }
    }

    /// Our route to a destination, as it is now.
    private static func ours(_ id: RouteSpec.ID, _ socket: NetlinkSocket) throws(NetlinkError) -> RouteSpec? {
        let route = try socket.routes(from: LinkAddress.ours).first { $0.destination == id.destination }
        guard let route, let device = try socket.links().first(where: { $0.index == route.link }) else { return nil }
        return RouteSpec(id: id, gateway: route.gateway, device: device.name)
    }

    /// Deletes the links one after another and waits for each: a deletion is over when it is acknowledged.
    mutating func deleteLinks(_ steps: [Step], in namespace: Namespace) throws(KernelError) {
        guard let first = steps.first else { return }
        let specs = steps.compactMap { step -> LinkID? in
            if case .deleteLink(let link) = step.action { link.id } else { nil }
        }
        for id in specs { indices[id] = nil }
        do {
            _ = try socket(in: namespace)
        } catch {
            if error.isVanishedNamespace { return }
            throw KernelError(first, error)
        }
        let found = try resolve(Set(specs), in: namespace, for: first)
        for (step, id) in zip(steps, specs) {
            guard let link = found[id] else { continue }
            try refuseForeign(link, step)
            indices[id] = nil
            let answer = try ask(in: namespace, for: step) {
                try $0.transact([Message.deleteLink(link.index, called: link.name)]).first
            }
            if let answer, !answer.isSuccess, answer.errno != ENODEV {
                throw KernelError(step, errno: answer.errno, extack: answer.extack)
            }
            note(step)
        }
    }
}
