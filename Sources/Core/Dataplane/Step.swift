/// One change of the kernel's state, with the reason for it.
public struct Step: Sendable, Hashable {
    public enum Action: Sendable, Hashable {
        /// Makes the table's missing or changed chains, sets and rules right; its elements are steps of their own.
        case repairTable
        case addElement(SetElement)
        /// The old element and the new one under the same key, in one transaction.
        case replaceElement(SetElement, by: SetElement)
        case removeElement(SetElement)

        case createNamespace(NamespacePin)
        case removeNamespace(NamespacePin)

        /// Creates the link down: what guards and configures it comes before `setUp`. A veth with its peer.
        case createLink(LinkSpec, peer: LinkSpec?)
        /// Makes the differing members of `to` true (alias, MAC, MTU, master, port flags, IPv6 mode), not `up`.
        case changeLink(from: LinkSpec, to: LinkSpec)
        case setUp(LinkID)
        case setDown(LinkID)
        /// Deletes now, and answers when it is gone.
        case deleteLink(LinkSpec)
        /// Down, out of its bridge and renamed into the doomed group at once; a collector deletes it later.
        case doomLink(LinkSpec)

        case addAddress(AddressSpec)
        case removeAddress(AddressSpec)
        /// Adds the route, or replaces the one of ours with that destination.
        case setRoute(RouteSpec)
        case removeRoute(RouteSpec)
        case setNeighbour(NeighbourSpec)
        case removeNeighbour(NeighbourSpec)
        case writeSysctl(SysctlID, value: String, was: String?)
    }

    public let action: Action
    /// Why, as a clause an operator can read: "network front needs it".
    public let reason: String

    public init(_ action: Action, reason: String) {
        self.action = action
        self.reason = reason
    }
}

/// How links that are no longer wanted go.
public enum LinkRemoval: Sendable, Hashable {
    /// Deleted before the plan is done: the caller promises that the link is gone.
    case awaited
    /// Set down and out of the way now, deleted by the collector.
    case deferred
}

/// Ordered steps from an observed state to a desired one.
public struct Plan: Sendable, Hashable {
    public var steps: [Step]

    public init(steps: [Step] = []) {
        self.steps = steps
    }

    public var isEmpty: Bool { steps.isEmpty }
}
