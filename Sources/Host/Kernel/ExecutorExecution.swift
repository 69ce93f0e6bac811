internal import Dataplane
internal import Logging
internal import Netlink

/// One run of a plan: what is known on the way, and what would take it back. All of it on threads that may block.
struct Execution: Sendable {
    let tools: Executor.Tools
    /// The indexes of links that were made or looked up on the way.
    var indices: [LinkID: Int32] = [:]
    /// What a link that was just made still needs; it goes out before anything else in that namespace.
    var pending: [Namespace: [LinkRequest]] = [:]
    /// What would take back what was done, in the order it was done.
    private(set) var inverses: [Step] = []
    /// What was done and can't be taken back: deletions.
    private var irreversible: [Step] = []
    private var created: Set<LinkID> = []
    /// Of the links whose indexes are known, those that are up.
    private(set) var up: Set<LinkID> = []
    private var loopbacks: Set<LinkID> = []
    private var pinned: Set<Namespace> = []
    private var home: NetlinkSocket?
    /// The container namespace last worked in. Only one is open at a time, since there may be ten thousand.
    private var inside: (namespace: Namespace, handle: OpenNamespace, socket: NetlinkSocket?)?
    private var isUndoing = false

    init(_ tools: Executor.Tools) { self.tools = tools }

    /// Runs the steps.
    mutating func run(_ steps: [Step]) throws(KernelError) {
        var rest = steps[...]
        while let first = rest.first {
            let stage = first.action.stage
            let part = rest.prefix(stage.limit).prefix { $0.action.stage == stage }
            rest = rest.dropFirst(part.count)
            switch stage {
            case .table: try changeTable(Array(part))
            case .pin: try changePin(first)
            case .sysctls(let namespace): try writeSysctls(Array(part), in: namespace)
            case .creation: try createLinks(Array(part))
            case .links(let namespace): try changeLinks(Array(part), in: namespace)
            case .deletion(let namespace): try deleteLinks(Array(part), in: namespace)
            }
        }
        for namespace in pending.keys.sorted() { try changeLinks([], in: namespace) }
    }

    /// Takes back what was done, in reverse. What can't be taken back is logged.
    mutating func undo() {
        isUndoing = true
        pending = [:]
        for step in irreversible {
            tools.logger.warning("a step of a refused plan stays done", metadata: ["step": "\(step)"])
        }
        for step in inverses.reversed() where !goesAnyway(step) {
            do throws(KernelError) {
                try run([step])
            } catch {
                tools.logger.error("could not undo a step", metadata: ["step": "\(step)", "refusal": "\(error)"])
            }
        }
    }

    /// Closes the container's namespace and gives the daemon's socket back.
    consuming func finish() {
        if let home { tools.sockets.giveBack(home) }
    }

    /// What was read of a link.
    mutating func learn(_ id: LinkID, _ link: Link) {
        indices[id] = link.index
        if link.isUp { up.insert(id) } else { up.remove(id) }
        if link.isLoopback { loopbacks.insert(id) }
    }

    /// Notes that a step was done, and what takes it back.
    mutating func note(_ step: Step, inverse: Step.Action? = nil) {
        switch step.action {
        case .setUp(let id): up.insert(id)
        case .setDown(let id): up.remove(id)
        case .deleteLink(let link), .doomLink(let link): up.remove(link.id)
        default: break
        }
        guard !isUndoing else { return }
        switch step.action {
        // Whoever else is in the namespace may rely on it by now. In one that was just made it goes anyway.
        case .setUp(let id) where loopbacks.contains(id): return
        case .createLink(let link, let peer): created.formUnion([link.id, peer?.id].compactMap(\.self))
        case .createNamespace(let pin): pinned.insert(.path(pin.path))
        default: break
        }
        guard let inverse = inverse ?? step.action.inverse else {
            if step.action.isRemoval, irreversible.last != step { irreversible.append(step) }
            return
        }
        if inverses.last?.action != inverse { inverses.append(Step(inverse, reason: "a later step was refused")) }
    }

    /// A socket in the namespace, made there if need be.
    mutating func socket(in namespace: Namespace) throws -> NetlinkSocket {
        switch namespace {
        case .daemon:
            if let home { return home }
            let socket = try tools.sockets.borrow()
            home = socket
            return socket
        case .path, .adopted:
            let handle = try open(namespace)
            if let socket = inside?.socket { return socket }
            let socket = try handle.withEntered { try NetlinkSocket() }
            inside?.socket = socket
            return socket
        }
    }

    /// A container's namespace, open until the next one is.
    mutating func open(_ namespace: Namespace) throws(NamespaceError) -> OpenNamespace {
        if let inside, inside.namespace == namespace { return inside.handle }
        inside = nil
        let handle = OpenNamespace(try NamespaceHandle(namespace))
        inside = (namespace, handle, nil)
        return handle
    }

    /// Asks something in a namespace. After an error the socket is not used again: answers may still come that nobody
    /// waits for.
    mutating func ask<Answer>(
        in namespace: Namespace, for step: Step, _ question: (NetlinkSocket) throws -> Answer
    ) throws(KernelError) -> Answer {
        do {
            return try question(socket(in: namespace))
        } catch {
            if namespace == .daemon { home = nil } else { leave(namespace) }
            throw KernelError(step, error)
        }
    }

    /// An open socket would keep the namespace alive.
    mutating func leave(_ namespace: Namespace) {
        if inside?.namespace == namespace { inside = nil }
    }

    /// Whether it goes with a link or namespace whose creation is undone, too.
    func goesAnyway(_ step: Step) -> Bool {
        let link: LinkID
        switch step.action {
        case .deleteLink(let spec): return pinned.contains(spec.id.namespace)
        case .setUp(let id), .setDown(let id): link = id
        case .addAddress(let address), .removeAddress(let address): link = address.link
        case .setRoute(let route), .removeRoute(let route): link = LinkID(route.device, in: route.id.namespace)
        case .setNeighbour(let neighbour), .removeNeighbour(let neighbour): link = neighbour.id.link
        case .writeSysctl(let id, _, _):
            return pinned.contains(id.namespace) || id.link.map(created.contains) == true
        default: return false
        }
        return created.contains(link) || pinned.contains(link.namespace)
    }
}
