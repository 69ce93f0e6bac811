internal import Dataplane

/// What kind of work a step is: consecutive steps of one stage travel together.
enum Stage: Hashable {
    case table
    case pin
    case sysctls(Namespace)
    case creation
    case links(Namespace)
    case deletion(Namespace)

    /// How many steps at a time: of creations, each may need an open descriptor.
    var limit: Int {
        switch self {
        case .pin: 1
        case .creation: 128
        case .links, .deletion, .sysctls: 1024
        case .table: 65_536
        }
    }
}

extension Step.Action {
    var stage: Stage {
        switch self {
        case .repairTable, .addElement, .replaceElement, .removeElement: .table
        case .createNamespace, .removeNamespace: .pin
        case .createLink: .creation
        case .changeLink(_, let link), .doomLink(let link): .links(link.id.namespace)
        case .setUp(let id), .setDown(let id): .links(id.namespace)
        case .deleteLink(let link): .deletion(link.id.namespace)
        case .addAddress(let address), .removeAddress(let address): .links(address.link.namespace)
        case .setRoute(let route), .removeRoute(let route): .links(route.id.namespace)
        case .setNeighbour(let neighbour), .removeNeighbour(let neighbour): .links(neighbour.id.link.namespace)
        case .writeSysctl(let id, _, _): .sysctls(id.namespace)
        }
    }

    /// What takes the step back; nil for what can't be (a deletion), or need not be (the table's fixed rules).
    var inverse: Step.Action? {
        switch self {
        case .repairTable, .removeNamespace, .deleteLink, .doomLink: nil
        case .addElement(let element): .removeElement(element)
        case .replaceElement(let old, by: let new): .replaceElement(new, by: old)
        case .removeElement(let element): .addElement(element)
        case .createNamespace(let pin): .removeNamespace(pin)
        case .createLink(let link, _): .deleteLink(link)
        case .changeLink(let old, let new): .changeLink(from: new, to: old)
        case .setUp(let id): .setDown(id)
        case .setDown(let id): .setUp(id)
        case .addAddress(let address): .removeAddress(address)
        case .removeAddress(let address): .addAddress(address)
        case .setRoute(let route): .removeRoute(route)
        case .removeRoute(let route): .setRoute(route)
        case .setNeighbour(let neighbour): .removeNeighbour(neighbour)
        case .removeNeighbour(let neighbour): .setNeighbour(neighbour)
        case .writeSysctl(let id, let value, let was): was.map { .writeSysctl(id, value: $0, was: value) }
        }
    }

    /// Whether the step only takes something away: it is done when that, or the namespace, is gone already.
    var isRemoval: Bool {
        switch self {
        case .removeElement, .removeNamespace, .setDown, .deleteLink, .doomLink, .removeAddress, .removeRoute,
            .removeNeighbour:
            true
        case .repairTable, .addElement, .replaceElement, .createNamespace, .createLink, .changeLink, .setUp,
            .addAddress, .setRoute, .setNeighbour, .writeSysctl:
            false
        }
    }
}
