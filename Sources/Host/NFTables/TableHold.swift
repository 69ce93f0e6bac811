public import Firewall
import Glibc

// Rules for a moment. Should the process end meanwhile, they are foreign rules to the next repair.
extension NFTablesConnection {
    /// Takes the rules of `hold` away; none is fine.
    public func release(_ hold: Hold) throws(NFTablesError) {
        let texts = Set(encoded(hold).map { ruleText($0.pointer) })
        try undisturbed("release", hold.chain) { socket, generation throws(NFTablesError) in
            let rules = try self.observe(&socket)?.chains[hold.chain]?.rules ?? []
            try self.commit([], &socket, generation: generation) { batch in
                let messages = TableMessages(spec: self.table)
                for rule in rules where texts.contains(rule.text) {
                    messages.deleteRule(rule.handle, chain: hold.chain, from: &batch)
                }
            }
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
