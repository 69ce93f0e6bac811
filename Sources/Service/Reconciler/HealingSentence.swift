import Dataplane

/// What was lost and became of it, for people: a clause for each thing, whatever number of steps it took.
struct HealingSentence: CustomStringConvertible {
    private var clauses: [String] = []
    /// Links that are made anew: what else it takes for that goes without saying.
    private var renewed: Set<LinkID> = []

    private static let limit = 8

    /// - Parameters:
    ///   - plan: what has been done about it.
    ///   - problems: what was wrong with the table's chains, sets and rules, in words.
    init(_ plan: Plan, problems: [String]) {
        for step in plan.steps {
            if case .createLink(let link, let peer) = step.action {
                renewed.formUnion([link.id, peer?.id].compactMap(\.self))
            }
        }
        addRules(plan, problems)
        for step in plan.steps { if let clause = clause(step) { clauses.append(clause) } }
    }

    var description: String {
        let shown = clauses.prefix(Self.limit).joined(separator: "; ")
        return clauses.count > Self.limit ? "\(shown); and \(clauses.count - Self.limit) more" : shown
    }

    private mutating func addRules(_ plan: Plan, _ problems: [String]) {
        var lost: [String: [SetElement]] = [:]
        var foreign: [String: [SetElement]] = [:]
        for step in plan.steps {
            switch step.action {
            case .repairTable:
                let what = problems.isEmpty ? "" : " (\(problems.joined(separator: ", ")))"
                clauses.append("the rules of table inet fairlead were changed\(what) and are as before")
            case .addElement(let element): lost[element.id.set, default: []].append(element)
            case .replaceElement(let old, by: let new):
                clauses.append("element \(old) was changed and is \(new) again")
            case .removeElement(let element): foreign[element.id.set, default: []].append(element)
            default: break
            }
        }
        if lost.count > 2 {
            let count = lost.values.reduce(0) { $0 + $1.count }
            clauses.append("\(count) elements of \(lost.count) sets were missing and are back")
            lost = [:]
        }
        for (set, elements) in lost.sorted(by: { $0.key < $1.key }) {
            clauses.append(
                elements.count == 1
                    ? "element \(elements[0]) was missing and is back"
                    : "\(elements.count) elements of set \(set) were missing and are back")
        }
        for (set, elements) in foreign.sorted(by: { $0.key < $1.key }) {
            clauses.append(
                elements.count == 1
                    ? "foreign element \(elements[0]) was added and is removed"
                    : "\(elements.count) foreign elements were added to set \(set) and are removed")
        }
    }

    private func clause(_ step: Step) -> String? {
        switch step.action {
        case .createLink(let link, let peer):
            let pair = peer.map { " and \($0.id)" } ?? ""
            return "\(link)\(pair) \(peer == nil ? "was" : "were") missing or moved and "
                + "\(peer == nil ? "is" : "are") made anew"
        case .deleteLink(let link), .doomLink(let link):
            return renewed.contains(link.id) ? nil : "\(link) had another name or place and is deleted"
        case .changeLink(_, let link): return "\(link) is changed back: \(step.reason)"
        case .setUp(let id): return renewed.contains(id) ? nil : "\(id) was down and is up again"
        case .setDown(let id): return step.reason == "is up" ? "\(id) was up and is down again" : nil
        case .addAddress(let address):
            return renewed.contains(address.link)
                ? nil : "address \(address.prefix) of \(address.link) was missing and is back"
        case .removeAddress(let address): return "address \(address.prefix) of \(address.link) is removed"
        case .setRoute(let route):
            return renewed.contains(LinkID(route.device, in: route.id.namespace))
                ? nil : "\(route) was \(step.reason == "missing" ? "missing" : "changed") and is back"
        case .removeRoute(let route): return "\(route) is removed"
        case .setNeighbour(let neighbour):
            return renewed.contains(neighbour.id.link)
                ? nil : "neighbour \(neighbour.id.address) on \(neighbour.id.link) was missing and is back"
        case .removeNeighbour(let neighbour):
            return "neighbour \(neighbour.id.address) on \(neighbour.id.link) is removed"
        case .writeSysctl(let id, let value, let was):
            return id.link.map(renewed.contains) == true
                ? nil : "\(id) was \(was ?? "not set") and is \(value) again"
        case .createNamespace(let pin): return "namespace \(pin.path) is made anew"
        case .removeNamespace(let pin): return "namespace \(pin.path) is removed"
        case .repairTable, .addElement, .replaceElement, .removeElement: return nil
        }
    }
}
