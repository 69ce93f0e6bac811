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

    func lookAtDaemon(sysctls: [String]) throws(KernelError) -> Daemon {
        do {
            let socket = try sockets.borrow()
            var view = NamespaceView(namespace: .daemon)
            try view.read(socket)
            try view.read(sysctls)
            sockets.giveBack(socket)
            let (isWhole, elements) = try table.observe()
            return Daemon(
                view: view, pins: Set(try NamespaceHandle.pins(in: pinDirectory)), hasTable: isWhole,
                elements: elements)
        } catch {
            throw KernelError(object: "observing \(Namespace.daemon)", error)
        }
    }

    func look(into namespaces: [Namespace], sysctls: [Namespace: [String]]) throws(KernelError) -> [NamespaceView] {
        var views: [NamespaceView] = []
        for namespace in namespaces {
            do {
                views.append(try look(into: namespace, sysctls: sysctls[namespace] ?? []))
            } catch {
                guard error.isVanishedNamespace else { throw KernelError(object: "observing \(namespace)", error) }
                views.append(NamespaceView(namespace: namespace, isVanished: true))
            }
        }
        return views
    }

    private func look(into namespace: Namespace, sysctls: [String]) throws -> NamespaceView {
        let handle = try NamespaceHandle(namespace)
        let home = try sockets.borrow()
        var view = NamespaceView(namespace: namespace)
        view.number = try home.namespaceNumbers(of: [handle.descriptor]).first ?? nil
        sockets.giveBack(home)
        try handle.withEntered {
            try view.read(NetlinkSocket())
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
