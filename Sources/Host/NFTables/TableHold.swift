public import Firewall
import Glibc

// Rules for a moment. Should the process end meanwhile, they are foreign rules to the next repair.
extension NFTablesConnection {
    /// Takes the rules of `hold` away; none is fine.
    public func release(_ hold: Hold) throws(NFTablesError) {
        try locked { socket throws(NFTablesError) in
            let texts = Set(self.encoded(hold).map { ruleText($0.pointer) })
            for _ in 0..<Self.attempts {
                let generation = try self.generation(&socket)
                let rules = try self.observe(&socket)?.chains[hold.chain]?.rules ?? []
                do throws(NFTablesError) {
                    return try self.commit([], &socket, generation: generation) { batch in
                        let messages = TableMessages(spec: self.table)
                        for rule in rules where texts.contains(rule.text) {
                            messages.deleteRule(rule.handle, chain: hold.chain, from: &batch)
                        }
                    }
                } catch {
                    guard error.errno == ERESTART else { throw error }
                }
            }
            throw NFTablesError(operation: "release", object: hold.chain, errno: EAGAIN)
        }
    }

    /// At the head of the chain, which is there or in the batch.
    func add(_ hold: Hold, to batch: inout Batch) {
        let messages = TableMessages(spec: table)
        for rule in encoded(hold).reversed() { messages.add(rule, chain: hold.chain, to: &batch, atHead: true) }
    }

    private func encoded(_ hold: Hold) -> [EncodedRule] {
        hold.rules.compactMap { EncodedRule($0, chain: hold.chain, table: table.name) }
    }
}
