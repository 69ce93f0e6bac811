/// What links and namespaces that are there still need, namespace by namespace.
struct Attachments {
    private var changes: [Namespace: [Step]]
    private var sysctls: [Namespace: [Step]] = [:]
    private var addresses: [Namespace: [Step]] = [:]
    private var rises: [Namespace: [Step]]
    private var routes: [Namespace: [Step]] = [:]
    private var neighbours: [Namespace: [Step]] = [:]

    init(from present: State, to desired: State, links: LinkChanges) {
        changes = links.changes()
        rises = links.rises()
        addSysctls(from: present, to: desired)
        for address in desired.addresses.subtracting(present.addresses)
            .sorted(by: { ($0.link, $0.prefix) < ($1.link, $1.prefix) })
        {
            addresses[address.link.namespace, default: []].append(Step(.addAddress(address), reason: "missing"))
        }
        addRoutes(from: present, to: desired)
        addNeighbours(from: present, to: desired)
    }

    /// The daemon's namespace first, so that bridges are up before a container can send.
    var steps: [Step] {
        let parts = [changes, sysctls, addresses, rises, routes, neighbours]
        let namespaces = parts.reduce(into: Set<Namespace>()) { $0.formUnion($1.keys) }
        return namespaces.sorted().flatMap { namespace in parts.flatMap { $0[namespace] ?? [] } }
    }

    private mutating func addSysctls(from present: State, to desired: State) {
        let wrong = desired.sysctls.filter { present.sysctls[$0.key] != $0.value }
        for (id, value) in wrong.sorted(by: { $0.key.path < $1.key.path }) {
            let was = present.sysctls[id]
            sysctls[id.namespace, default: []].append(
                Step(.writeSysctl(id, value: value, was: was), reason: was.map { "is \($0)" } ?? "not set"))
        }
    }

    private mutating func addRoutes(from present: State, to desired: State) {
        let wrong = desired.routes.filter { present.routes[$0.key] != $0.value }
        for (id, route) in wrong.sorted(by: { $0.key.destination < $1.key.destination }) {
            routes[id.namespace, default: []].append(
                Step(.setRoute(route), reason: present.routes[id] == nil ? "missing" : "leads elsewhere"))
        }
    }

    private mutating func addNeighbours(from present: State, to desired: State) {
        let wrong = desired.neighbours.filter { present.neighbours[$0.key] != $0.value }
        for (id, neighbour) in wrong.sorted(by: { ($0.key.link, $0.key.address) < ($1.key.link, $1.key.address) }) {
            neighbours[id.link.namespace, default: []].append(Step(.setNeighbour(neighbour), reason: "missing"))
        }
    }
}
