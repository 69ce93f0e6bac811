public import Dataplane
internal import NFTables

/// The one table of the daemon's namespace, as plans and observations use it.
public final class FirewallTable: RuleTable {
    private let connection: NFTablesConnection

    /// On a thread that is in the daemon's namespace.
    ///
    /// - Throws: `KernelError` when the kernel gives no nfnetlink socket.
    public init() throws(KernelError) {
        do {
            connection = try NFTablesConnection()
        } catch {
            throw KernelError(object: "table inet fairlead", error)
        }
    }

    public func apply(_ changes: [Step.Action]) throws {
        let elements = changes.compactMap(ElementChange.init)
        if changes.contains(.repairTable) {
            try connection.ensureTable(with: elements)
        } else {
            try connection.apply(elements)
        }
    }

    public func observe() throws -> (isWhole: Bool, elements: [SetElement]) {
        (try connection.tableProblems().isEmpty, try connection.dumpElements())
    }
}

extension ElementChange {
    /// Nil for steps that aren't about elements.
    fileprivate init?(_ action: Step.Action) {
        switch action {
        case .addElement(let element): self = .add(element)
        case .replaceElement(let old, by: let new): self = .replace(old, by: new)
        case .removeElement(let element): self = .remove(element)
        default: return nil
        }
    }
}
