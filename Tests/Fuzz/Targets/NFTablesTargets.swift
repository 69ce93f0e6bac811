import CNFTables
import Dataplane
import Firewall

@testable import NFTables

extension FuzzTarget {
    /// Datagrams of nf_tables: our table's dumps, other tables' chains, refusals.
    static let nftables = FuzzTarget("nftables") { input in
        var observed = ObservedTable()
        var ruleset = ForeignRuleset(own: "inet fairlead")
        NetfilterFrames.forEach(in: input) { message in
            switch message.pointee.nlmsg_type {
            case 2: require(Refusal(message).offset >= 0, "a place before the message")
            case 3: require(NetfilterFrames.dumpFailure(message) != 0, "a failure without a reason")
            case 0xA00: ruleset.addTable(message)
            case 0xA03:
                TableDecoding.addChain(message, to: &observed)
                ruleset.addChain(message)
            case 0xA06:
                TableDecoding.addRule(message, to: &observed)
                ruleset.addRule(message)
            case 0xA09: TableDecoding.addSet(message, to: &observed)
            case 0xA0C:
                for map in ruleset.maps { ruleset.addVerdicts(message, of: map) }
                for set in Ruleset.table.sets { check(elements(message, of: set), set) }
            default: break
            }
            _ = attributes(of: message)
        }
        for base in ruleset.bases { _ = ruleset.firstDrop(from: base.name) }
        if observed.chains.isEmpty, observed.sets.isEmpty { return }
        let repair = TableRepair(Ruleset.table, observed: observed)
        var batch = Batch(sequence: 1)
        repair.add(to: &batch)
        require(repair.problems.isEmpty == batch.isEmpty, "problems without a repair: \(repair.problems)")
    }

    private static let messages = ElementMessages(Ruleset.table)

    private static func elements(_ message: UnsafePointer<nlmsghdr>, of set: SetSpec) -> [SetElement] {
        var found: [SetElement] = []
        messages.decode(message, of: set, into: &found)
        return found
    }

    /// What is read can be written, unless a name in it is none, and is then read as the same.
    private static func check(_ elements: [SetElement], _ set: SetSpec) {
        for element in elements where isWritable(element, set) {
            var batch = Batch(sequence: 1)
            do {
                try messages.add([.add(element)], to: &batch)
            } catch {
                fatalError("\(element) can't be written: \(error)")
            }
            batch.bytes.withUnsafeBytes { bytes in
                NetfilterFrames.forEach(in: bytes) { message in
                    guard message.pointee.nlmsg_type == 0xA0C else { return }
                    require(self.elements(message, of: set) == [element], "\(element) is read as another")
                }
            }
        }
    }

    /// Whether it is one that a kernel can have: names that fit, and a value in a map.
    private static func isWritable(_ element: SetElement, _ set: SetSpec) -> Bool {
        for case .interface(let name) in element.id.key where !(1...15).contains(name.utf8.count) { return false }
        guard element.comment.utf8.count <= 252, !element.comment.contains("\0") else { return false }
        switch element.value {
        case nil: return set.data == nil
        case .verdict(.goto(let chain)): return (1...255).contains(chain.utf8.count)
        case .fields(let fields):
            for case .interface(let name) in fields where !(1...15).contains(name.utf8.count) { return false }
            return true
        case .verdict: return true
        }
    }
}
