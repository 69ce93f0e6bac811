public import Dataplane
public import Firewall
import Glibc
import Synchronization

/// The nftables table of one network namespace: the one that the creating thread is in.
///
/// Blocks while the kernel works (microseconds an element); any thread may use it, one at a time.
public final class NFTablesConnection: Sendable {
    let table: TableSpec
    let messages: ElementMessages
    let socket: Mutex<NetfilterSocket>

    /// - Throws: when the kernel gives no nfnetlink socket.
    public init(table: TableSpec = Ruleset.table) throws(NFTablesError) {
        self.table = table
        messages = ElementMessages(table)
        socket = Mutex(try NetfilterSocket())
    }

    /// The number by which notifications tell that a transaction was this connection's.
    public var portNumber: UInt32 { socket.withLock { $0.portNumber } }

    /// Makes table, sets, chains and rules what they shall be, and applies `changes`, in one transaction.
    ///
    /// What is right is left as it is: handles and counters stay. The administrator's chains are created when missing
    /// and never changed.
    ///
    /// - Parameters:
    ///   - changes: elements to add, replace and remove.
    ///   - hold: rules that begin to hold in the same transaction, until `release`.
    /// - Returns: what was wrong, for the log.
    /// - Throws: what the kernel refuses.
    @discardableResult
    public func ensureTable(
        with changes: [ElementChange] = [], holding hold: Hold? = nil
    ) throws(NFTablesError) -> [String] {
        try undisturbed("ensure table", table.name) { socket, generation throws(NFTablesError) in
            let repair = TableRepair(self.table, observed: try self.observe(&socket))
            if repair.problems.isEmpty, changes.isEmpty, hold == nil { return [] }
            let effective = try self.settled(changes, &socket)
            try self.commit(effective, &socket, generation: generation) { batch in
                repair.add(to: &batch)
                if let hold { self.add(hold, to: &batch) }
            }
            return repair.problems
        }
    }

    /// What `ensureTable` would mend; empty when the table is whole and unchanged.
    public func tableProblems() throws(NFTablesError) -> [String] {
        try locked { socket throws(NFTablesError) in
            TableRepair(self.table, observed: try self.observe(&socket)).problems
        }
    }

    /// How many rules each of the administrator's chains has; none for a chain that is missing.
    public func userRuleCounts() throws(NFTablesError) -> [String: Int] {
        try locked { socket throws(NFTablesError) in
            let chains = try self.observe(&socket)?.chains ?? [:]
            return chains.filter { name, _ in
                self.table.chains.contains { $0.belongsToUser && $0.name == name }
            }.mapValues(\.rules.count)
        }
    }

    /// All elements of the table's sets; empty without a table.
    public func dumpElements() throws(NFTablesError) -> [SetElement] {
        try locked { socket throws(NFTablesError) in
            try self.elements(of: self.table.sets, &socket)
        }
    }

    /// Applies all changes in one transaction, or none.
    ///
    /// Removing an element that isn't there, or adding one that is, is fine.
    ///
    /// - Precondition: no key occurs twice.
    /// - Throws: the first element that the kernel refuses: EEXIST when its key leads to another value, ENOENT without
    ///   its set.
    public func apply(_ changes: [ElementChange]) throws(NFTablesError) {
        try locked { socket throws(NFTablesError) in try self.apply(changes, &socket) }
    }

    /// Applies each group's changes, all groups in one transaction; if that is refused, each group in one of its own,
    /// so that only the guilty fail.
    ///
    /// - Precondition: no key occurs twice in a group.
    public func apply(groups: [[ElementChange]]) -> [Result<Void, NFTablesError>] {
        socket.withLock { socket in
            if groups.count > 1, (try? commit(groups, &socket)) != nil { return groups.map { _ in .success(()) } }
            return groups.map { group in
                do throws(NFTablesError) { return .success(try apply(group, &socket)) } catch { return .failure(error) }
            }
        }
    }

    /// How often a dump or transaction is tried that others' transactions interrupt.
    static let attempts = 60

    /// A look and the transaction that follows from it, again and again as long as somebody else's comes between: `body`
    /// commits for the generation that it is given, which the kernel refuses with ERESTART if it is over.
    ///
    /// - Returns: what `body` does.
    /// - Throws: EAGAIN when there was always somebody.
    func undisturbed<Value: Sendable>(
        _ operation: String, _ object: String,
        _ body: (inout NetfilterSocket, UInt32) throws(NFTablesError) -> Value
    ) throws(NFTablesError) -> Value {
        try locked { socket throws(NFTablesError) in
            for _ in 0..<Self.attempts {
                let generation = try self.generation(&socket)
                do throws(NFTablesError) {
                    return try body(&socket, generation)
                } catch {
                    guard error.errno == ERESTART else { throw error }
                }
            }
            throw NFTablesError(operation: operation, object: object, errno: EAGAIN)
        }
    }

    func locked<Value: Sendable>(
        _ body: (inout NetfilterSocket) throws(NFTablesError) -> Value
    ) throws(NFTablesError) -> Value {
        try socket.withLock { socket throws(NFTablesError) in try body(&socket) }
    }
}
