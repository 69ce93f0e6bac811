public import Dataplane

/// Where to look for losses.
public struct HealingTarget: Sendable, Hashable {
    public var everything = false
    /// The table, with all elements.
    public var table = false
    /// Links of the daemon's namespace, by name.
    public var links: Set<String> = []
    public var namespaces: Set<Namespace> = []
    public var owners: Set<Owner> = []
    /// All sysctls there are; nothing else.
    public var sysctls = false

    public init(
        everything: Bool = false, table: Bool = false, links: Set<String> = [], namespaces: Set<Namespace> = [],
        owners: Set<Owner> = [], sysctls: Bool = false
    ) {
        self.everything = everything
        self.table = table
        self.links = links
        self.namespaces = namespaces
        self.owners = owners
        self.sysctls = sysctls
    }

    public var isEmpty: Bool { self == HealingTarget() }
}

/// What is lost as one thing, and is fought over as one.
public enum HealingSubject: Sendable, Hashable {
    case table
    case owner(Owner)
}

/// A part of what is desired, to be compared with the kernel.
struct HealingScope {
    var owners: Set<Owner> = []
    /// What shall be there.
    var desired = State()
    /// What may be there and is ours although nobody wants it: links that were renamed.
    var strangers: Set<LinkID> = []
    var hasTable = false

    /// What an observation has to show.
    var request: ObservationRequest {
        var scope = desired
        for id in strangers { scope.insert(LinkSpec(id: id, kind: .foreign)) }
        return ObservationRequest(only: scope)
    }

    /// What it takes; `fresh` may show more than was asked for.
    func plan(from fresh: State) -> Plan {
        var scope = desired
        for id in strangers { scope.insert(LinkSpec(id: id, kind: .foreign)) }
        var present = fresh.restricted(to: scope)
        if hasTable {
            // Whatever else is in our sets doesn't belong there.
            present.hasTable = fresh.hasTable
            present.elements = fresh.elements
        }
        return Plan(from: present, to: desired)
    }
}

extension Reconciler {
    func scope(of target: HealingTarget, without exempt: Set<HealingSubject>, vanished: Set<Namespace>) -> HealingScope
    {
        var scope = HealingScope()
        let everything = target.everything
        var owners = everything ? Set(parts.states.keys) : target.owners
        for name in target.links {
            if isStranger(name) { scope.strangers.insert(LinkID(name)) }
            owners.formUnion(parts.owners(of: LinkID(name)).union(parts.owners(onBridge: name)))
        }
        // With a bridge, its ports lose their master.
        for owner in target.owners {
            for link in parts[owner]?.links.keys ?? [:].keys where link.namespace == .daemon {
                owners.formUnion(parts.owners(onBridge: link.name))
            }
        }
        // With a link, a container loses routes that go by it.
        let namespaces = owners.reduce(into: target.namespaces) { $0.formUnion(parts.namespaces(of: $1)) }
        for namespace in namespaces { owners.formUnion(parts.owners(in: namespace)) }
        for subject in exempt {
            guard case .owner(let owner) = subject else { continue }
            owners.remove(owner)
            for link in parts[owner]?.links.keys ?? [:].keys where link.namespace == .daemon {
                owners.subtract(parts.owners(onBridge: link.name))
            }
        }
        for namespace in vanished { owners.subtract(parts.owners(in: namespace)) }
        for owner in owners { if let part = parts[owner] { scope.desired.merge(part) } }
        // Where a link has to wait, so have the routes by it.
        scope.desired.routes = scope.desired.routes.filter { id, route in
            let by = parts.owners(of: LinkID(route.device, in: id.namespace))
            return by.isEmpty || !by.isDisjoint(with: owners)
        }
        scope.owners = owners
        if target.sysctls {
            for part in parts.values { scope.desired.sysctls.merge(part.sysctls) { $1 } }
            scope.desired.sysctls = scope.desired.sysctls.filter { !vanished.contains($0.key.namespace) }
        }
        // A pin that is gone took the namespace along: that is the end of a container, not a loss.
        scope.desired.pins = []
        scope.desired.elements = [:]
        scope.hasTable = (target.table || everything) && !exempt.contains(.table) && parts[.host]?.hasTable == true
        scope.desired.hasTable = scope.hasTable
        if scope.hasTable { for part in parts.values { scope.desired.elements.merge(part.elements) { $1 } } }
        return scope
    }

    /// Whether nobody wants a link of that name in the daemon's namespace.
    func isStranger(_ name: String) -> Bool {
        parts.owners(of: LinkID(name)).isEmpty && parts.owners(onBridge: name).isEmpty
    }

    /// Whose loss a step makes good.
    func subject(of action: Step.Action) -> HealingSubject {
        switch action {
        case .repairTable, .addElement, .replaceElement, .removeElement: return .table
        case .createNamespace(let pin), .removeNamespace(let pin): return subject(in: .path(pin.path))
        case .createLink(let link, _), .changeLink(_, let link), .deleteLink(let link), .doomLink(let link):
            return subject(of: link.id)
        case .setUp(let id), .setDown(let id): return subject(of: id)
        case .addAddress(let address), .removeAddress(let address): return subject(of: address.link)
        case .setRoute(let route), .removeRoute(let route): return subject(in: route.id.namespace)
        case .setNeighbour(let neighbour), .removeNeighbour(let neighbour): return subject(of: neighbour.id.link)
        case .writeSysctl(let id, _, _): return id.link.map(subject(of:)) ?? subject(in: id.namespace)
        }
    }

    private func subject(of link: LinkID) -> HealingSubject {
        let owners = parts.owners(of: link)
        return owners.min { "\($0)" < "\($1)" }.map(HealingSubject.owner) ?? subject(in: link.namespace)
    }

    private func subject(in namespace: Namespace) -> HealingSubject {
        let owners = parts.owners(in: namespace)
        let container = owners.first { if case .container = $0 { true } else { false } }
        return .owner(container ?? .host)
    }
}

extension Reconciler {
    /// The namespaces that something is desired in, the daemon's aside.
    var desiredNamespaces: Set<Namespace> { parts.namespaces }
}
