internal import Dataplane
internal import Glibc
internal import Netlink

/// What was read in one namespace.
struct NamespaceView: Sendable {
    let namespace: Namespace
    /// The id by which the daemon's namespace knows it.
    var number: Int32?
    var links: [Link] = []
    var addresses: [LinkAddress] = []
    /// Only ours.
    var routes: [Route] = []
    var neighbours: [Neighbour] = []
    var sysctls: [String: String] = [:]
    var isVanished = false
}

extension Observer {
    /// The daemon's namespace, and what belongs to the host as a whole.
    struct Daemon: Sendable {
        var view: NamespaceView
        var pins: Set<NamespacePin>
        var hasTable: Bool
        var elements: [SetElement]
    }

    func lookAtDaemon(sysctls: [String], scope: State?) throws(KernelError) -> Daemon {
        do {
            let socket = try sockets.borrow()
            var view = NamespaceView(namespace: .daemon)
            if let scope { try view.read(socket, scope) } else { try view.read(socket) }
            try view.read(sysctls)
            sockets.giveBack(socket)
            let pins =
                if let scope { scope.pins.filter(NamespaceHandle.isPinned) } else {
                    Set(try NamespaceHandle.pins(in: pinDirectory))
                }
            let concernsRules = scope.map { $0.hasTable || !$0.elements.isEmpty } ?? true
            let (isWhole, elements) = concernsRules ? try table.observe() : (false, [])
            return Daemon(view: view, pins: pins, hasTable: isWhole, elements: elements)
        } catch {
            throw KernelError(object: "observing \(Namespace.daemon)", error)
        }
    }

    /// Of those that aren't in `whole`, only the sysctls are read.
    func look(
        into namespaces: [Namespace], whole: Set<Namespace>, sysctls: [Namespace: [String]]
    ) throws(KernelError) -> [NamespaceView] {
        var views: [NamespaceView] = []
        for namespace in namespaces {
            do {
                views.append(try look(into: namespace, whole.contains(namespace), sysctls: sysctls[namespace] ?? []))
            } catch {
                guard error.isVanishedNamespace else { throw KernelError(object: "observing \(namespace)", error) }
                views.append(NamespaceView(namespace: namespace, isVanished: true))
            }
        }
        return views
    }

    private func look(into namespace: Namespace, _ isWhole: Bool, sysctls: [String]) throws -> NamespaceView {
        let handle = try NamespaceHandle(namespace)
        var view = NamespaceView(namespace: namespace)
        if isWhole {
            let home = try sockets.borrow()
            view.number = try home.namespaceNumbers(of: [handle.descriptor]).first ?? nil
            sockets.giveBack(home)
        }
        try handle.withEntered {
            if isWhole { try view.read(NetlinkSocket()) }
            try view.read(sysctls)
        }
        return view
    }
}

extension NamespaceView {
    fileprivate mutating func read(_ socket: NetlinkSocket) throws(NetlinkError) {
        links = try socket.links()
        addresses = try socket.addresses()
        routes = try socket.routes(from: LinkAddress.ours)
        neighbours = try socket.neighbours()
    }

    /// Only what the scope names: a dump of ten thousand links is 90 ms, and a host's routes may be a million.
    fileprivate mutating func read(_ socket: NetlinkSocket, _ scope: State) throws(NetlinkError) {
        let specs = scope.links.values.filter { $0.id.namespace == namespace }
        let names = Set(specs.map(\.id.name)).union(specs.compactMap(\.master))
        links = Array(try socket.links(named: names).values)
        if scope.addresses.contains(where: { $0.link.namespace == namespace }) {
            // Of a few links by themselves: a dump of all is some microseconds for each address of the host.
            addresses = links.count <= 16 ? [] : try socket.addresses()
            if links.count <= 16 { for link in links { addresses += try socket.addresses(of: link.index) } }
        }
        if scope.routes.keys.contains(where: { $0.namespace == namespace }) {
            routes = try socket.routes(from: LinkAddress.ours)
        }
        if scope.neighbours.keys.contains(where: { $0.link.namespace == namespace }) {
            neighbours = try socket.neighbours()
        }
    }

    fileprivate mutating func read(_ paths: [String]) throws(SystemCallError) {
        for path in paths {
            do {
                sysctls[path] = try Sysctl.read(path)
            } catch  where error.errno == ENOENT {
                continue
            }
        }
    }
}
