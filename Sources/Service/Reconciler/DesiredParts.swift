import Dataplane

/// What is desired, by owner, and who has something to say about a link or namespace.
struct DesiredParts {
    private(set) var states: [Owner: State] = [:]
    private var byLink: [LinkID: Set<Owner>] = [:]
    private var byNamespace: [Namespace: Set<Owner>] = [:]
    /// Whose links are ports of the daemon's bridge of that name.
    private var byMaster: [String: Set<Owner>] = [:]

    init(_ states: [Owner: State] = [:]) {
        for (owner, state) in states { self[owner] = state }
    }

    var values: Dictionary<Owner, State>.Values { states.values }

    subscript(owner: Owner) -> State? {
        get { states[owner] }
        set {
            if let old = states[owner] { index(old, owner) { $0.subtract([$1]) } }
            states[owner] = newValue
            if let newValue { index(newValue, owner) { $0.formUnion([$1]) } }
        }
    }

    func owners(of link: LinkID) -> Set<Owner> { byLink[link] ?? [] }
    func owners(in namespace: Namespace) -> Set<Owner> { byNamespace[namespace] ?? [] }
    func owners(onBridge name: String) -> Set<Owner> { byMaster[name] ?? [] }
    /// All but the daemon's.
    var namespaces: Set<Namespace> { Set(byNamespace.keys) }

    /// The namespaces that an owner has something in, the daemon's aside.
    func namespaces(of owner: Owner) -> Set<Namespace> {
        guard let state = states[owner] else { return [] }
        return Self.namespaces(of: state)
    }

    private static func namespaces(of state: State) -> Set<Namespace> {
        Set(state.links.keys.map(\.namespace)).union(state.routes.keys.map(\.namespace))
            .union(state.sysctls.keys.map(\.namespace)).subtracting([.daemon])
    }

    private mutating func index(_ state: State, _ owner: Owner, _ change: (inout Set<Owner>, Owner) -> Void) {
        func put<Key: Hashable>(_ key: Key, _ index: inout [Key: Set<Owner>]) {
            change(&index[key, default: []], owner)
            if index[key]?.isEmpty == true { index[key] = nil }
        }
        for (id, link) in state.links {
            put(id, &byLink)
            if id.namespace == .daemon, let master = link.master { put(master, &byMaster) }
        }
        for namespace in Self.namespaces(of: state) { put(namespace, &byNamespace) }
    }
}
