import CNFTables
import Dataplane
import Glibc

extension NFTablesConnection {
    /// One group of changes; what is missing already, or meanwhile, counts as removed.
    func apply(_ changes: [ElementChange], _ socket: inout NetfilterSocket) throws(NFTablesError) {
        var rest = changes
        for _ in 0..<Self.attempts {
            do throws(NFTablesError) {
                return try commit(rest, &socket) { _ in }
            } catch {
                guard error.errno == ENOENT, error.operation == Self.removal else { throw error }
            }
            rest = try settled(rest, &socket)
        }
        throw NFTablesError(operation: "apply changes", object: table.name, errno: EAGAIN)
    }

    private static let removal = "delete element"

    /// The changes without removals of what isn't there.
    func settled(
        _ changes: [ElementChange], _ socket: inout NetfilterSocket
    ) throws(NFTablesError) -> [ElementChange] {
        let names = Set(changes.map(\.element.id.set))
        let present = Set(try elements(of: table.sets.filter { names.contains($0.name) }, &socket).map(\.id))
        return changes.compactMap { change in
            switch change {
            case .add: change
            case .remove(let element): present.contains(element.id) ? change : nil
            case .replace(let old, by: let new): present.contains(old.id) ? change : .add(new)
            }
        }
    }

    /// One transaction: what `prelude` adds, then the changes.
    func commit(
        _ changes: [ElementChange], _ socket: inout NetfilterSocket, generation: UInt32? = nil,
        prelude: (inout Batch) -> Void
    ) throws(NFTablesError) {
        var batch = Batch(sequence: socket.sequence(), generation: generation)
        prelude(&batch)
        try messages.add(changes, to: &batch)
        try commit(&batch, &socket)
    }

    /// One transaction for all groups.
    func commit(_ groups: [[ElementChange]], _ socket: inout NetfilterSocket) throws(NFTablesError) {
        var batch = Batch(sequence: socket.sequence())
        for group in groups { try messages.add(group, to: &batch) }
        try commit(&batch, &socket)
    }

    private func commit(_ batch: inout Batch, _ socket: inout NetfilterSocket) throws(NFTablesError) {
        guard !batch.isEmpty else { return }
        batch.finish()
        let last = batch.lastSequence
        socket.skip(to: last &+ 2)
        let refusals = try socket.transact(
            batch.bytes, first: batch.firstSequence, last: last, "\(batch.summary) in \(table.name)")
        guard let refusal = refusals.min(by: { $0.sequence < $1.sequence }) else { return }
        throw error(refusal, in: batch)
    }

    private func error(_ refusal: Refusal, in batch: Batch) -> NFTablesError {
        switch batch.label(refusal) {
        case nil: return NFTablesError(operation: "commit", object: "table " + table.name, errno: refusal.errno)
        case .object(let operation, let name):
            return NFTablesError(operation: operation, object: name, errno: refusal.errno)
        case .elements(let operation, let changes):
            let place = batch.elementIndex(refusal).flatMap { changes.indices.contains($0) ? $0 : nil }
            let name = place.map { changes[$0].element.name } ?? changes.first?.element.id.set ?? ""
            return NFTablesError(operation: operation, object: name, errno: refusal.errno)
        }
    }
}
