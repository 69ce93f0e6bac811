public import Dataplane
public import NFTables

/// The table with the rules, as far as plans and observations need it.
public protocol RuleTable: Sendable {
    /// Makes the changes in one transaction, all or none. Only `repairTable` and the element steps come here.
    func apply(_ changes: [Step.Action]) throws

    /// Whether chains, sets and rules are as they should be, and the elements.
    func observe() throws -> (isWhole: Bool, elements: [SetElement])
}

extension NFTablesConnection: RuleTable {
    public func apply(_ changes: [Step.Action]) throws {
        let elements = changes.compactMap(ElementChange.init)
        if changes.contains(.repairTable) {
            try ensureTable(with: elements)
        } else {
            try apply(elements)
        }
    }

    public func observe() throws -> (isWhole: Bool, elements: [SetElement]) {
        (try tableProblems().isEmpty, try dumpElements())
    }
}
