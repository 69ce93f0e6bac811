/// Kernel state, desired or observed: what there shall be, or is, keyed by identity.
///
/// An observed state holds everything that is known to be ours, and of foreign things only what a desired state
/// may have to say something about (an adopted bridge).
public struct State: Sendable, Equatable {
    /// Whether the table with its fixed chains and rules is there, whole and unchanged.
    public var hasTable = false
    public var pins: Set<NamespacePin> = []
    public var links: [LinkID: LinkSpec] = [:]
    public var addresses: Set<AddressSpec> = []
    public var routes: [RouteSpec.ID: RouteSpec] = [:]
    public var neighbours: [NeighbourSpec.ID: NeighbourSpec] = [:]
    public var sysctls: [SysctlID: String] = [:]
    public var elements: [SetElement.ID: SetElement] = [:]

    public init() {}

    public var isEmpty: Bool {
        !hasTable && pins.isEmpty && links.isEmpty && addresses.isEmpty && routes.isEmpty && neighbours.isEmpty
            && sysctls.isEmpty
            && elements.isEmpty
    }

    public mutating func insert(_ link: LinkSpec) { links[link.id] = link }
    public mutating func insert(_ route: RouteSpec) { routes[route.id] = route }
    public mutating func insert(_ neighbour: NeighbourSpec) { neighbours[neighbour.id] = neighbour }
    public mutating func insert(_ element: SetElement) { elements[element.id] = element }

    /// Adds another state; on equal identities `other` wins.
    public mutating func merge(_ other: State) {
        hasTable = hasTable || other.hasTable
        pins.formUnion(other.pins)
        links.merge(other.links) { $1 }
        addresses.formUnion(other.addresses)
        routes.merge(other.routes) { $1 }
        neighbours.merge(other.neighbours) { $1 }
        sysctls.merge(other.sysctls) { $1 }
        elements.merge(other.elements) { $1 }
    }

    /// The part whose identities occur in `other`: what an object-scoped plan starts from.
    public func restricted(to other: State) -> State {
        var part = State()
        part.hasTable = hasTable && other.hasTable
        part.pins = pins.intersection(other.pins)
        for id in other.links.keys { part.links[id] = links[id] }
        part.addresses = addresses.intersection(other.addresses)
        for id in other.routes.keys { part.routes[id] = routes[id] }
        for id in other.neighbours.keys { part.neighbours[id] = neighbours[id] }
        for id in other.sysctls.keys { part.sysctls[id] = sysctls[id] }
        for id in other.elements.keys { part.elements[id] = elements[id] }
        return part
    }

    /// Takes away every identity that occurs in `other`.
    public mutating func subtract(_ other: State) {
        if other.hasTable { hasTable = false }
        pins.subtract(other.pins)
        for id in other.links.keys { links[id] = nil }
        addresses.subtract(other.addresses)
        for id in other.routes.keys { routes[id] = nil }
        for id in other.neighbours.keys { neighbours[id] = nil }
        for id in other.sysctls.keys { sysctls[id] = nil }
        for id in other.elements.keys { elements[id] = nil }
    }
}
