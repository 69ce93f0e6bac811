import Firewall

/// What it takes to make the kernel's table the one that is wanted.
///
/// Chains and rules that are right keep their handles and counters. The administrator's chains are only created, never
/// changed, and so are sets and regular chains in our table that are not ours: nothing but the administrator's chains
/// can lead to them. A foreign base chain in our table goes.
struct TableRepair {
    /// What is wrong, for the log; empty: nothing.
    private(set) var problems: [String] = []
    private let spec: TableSpec
    private let observed: ObservedTable?
    private let rules: [String: [EncodedRule]]
    private var foreignBases: [String] = []
    private var wrongChains: Set<String> = []
    private var wrongSets: Set<String> = []
    private var wrongPolicies: Set<String> = []
    private var missingSets: [SetSpec] = []
    private var missingChains: [ChainSpec] = []
    /// Rules to delete by handle, and chains whose rules are made anew.
    private var surplus: [(chain: String, handle: UInt64)] = []
    private var rewritten: Set<String> = []

    /// Compares; `observed` is nil without a table.
    init(_ spec: TableSpec, observed: ObservedTable?) {
        self.spec = spec
        self.observed = observed
        rules = Dictionary(
            spec.chains.map { chain in
                (chain.name, chain.rules.compactMap { EncodedRule($0, chain: chain.name, table: spec.name) })
            }
        ) { first, _ in first }
        guard let observed else {
            problems.append("table \(spec.name) is missing")
            missingSets = spec.sets
            missingChains = spec.chains
            rewritten = Set(spec.chains.filter { !$0.belongsToUser }.map(\.name))
            return
        }
        if observed.isDormant { problems.append("table \(spec.name) is dormant") }
        compareSets(observed)
        compareChains(observed)
        let rebuilds = !wrongSets.isEmpty || !wrongChains.isEmpty
        for chain in spec.chains where !chain.belongsToUser {
            if rebuilds { rewritten.insert(chain.name) } else { compareRules(chain, observed) }
        }
    }

    private mutating func compareSets(_ observed: ObservedTable) {
        for set in spec.sets {
            guard let shape = observed.sets[set.name] else {
                problems.append("set \(set.name) is missing")
                missingSets.append(set)
                continue
            }
            if shape != set.shape {
                problems.append("set \(set.name) has other types or flags")
                wrongSets.insert(set.name)
                missingSets.append(set)
            }
        }
    }

    private mutating func compareChains(_ observed: ObservedTable) {
        let known = Set(spec.chains.map(\.name))
        for (name, chain) in observed.chains.sorted(by: { $0.key < $1.key }) where chain.isBase && !known.contains(name)
        {
            problems.append("chain \(name) is foreign")
            foreignBases.append(name)
        }
        for chain in spec.chains {
            guard let found = observed.chains[chain.name] else {
                problems.append("chain \(chain.name) is missing")
                missingChains.append(chain)
                if !chain.belongsToUser { rewritten.insert(chain.name) }
                continue
            }
            if chain.belongsToUser { continue }
            if found.hook != chain.hook || found.isBase != (chain.hook != nil) {
                problems.append("chain \(chain.name) has another hook")
                wrongChains.insert(chain.name)
                missingChains.append(chain)
            } else if !found.accepts {
                problems.append("chain \(chain.name) has another policy")
                wrongPolicies.insert(chain.name)
            }
        }
    }

    /// Foreign rules between ours are deleted one by one; if ours aren't all there in order, all are made anew.
    private mutating func compareRules(_ chain: ChainSpec, _ observed: ObservedTable) {
        guard let found = observed.chains[chain.name] else { return }
        var wanted = rules[chain.name, default: []].map { ruleText($0.pointer) }[...]
        var others: [UInt64] = []
        for rule in found.rules {
            if rule.text == wanted.first { wanted.removeFirst() } else { others.append(rule.handle) }
        }
        if !wanted.isEmpty {
            problems.append("chain \(chain.name) lacks rules")
            rewritten.insert(chain.name)
        } else if !others.isEmpty {
            problems.append("chain \(chain.name) has \(others.count) foreign rule\(others.count == 1 ? "" : "s")")
            surplus += others.map { (chain.name, $0) }
        }
    }

    /// Adds the repair to a batch: rules go before what they refer to, and come after it.
    func add(to batch: inout Batch) {
        let messages = TableMessages(spec: spec)
        if observed?.isDormant ?? true { messages.addTable(to: &batch, isNew: observed == nil) }
        for name in foreignBases {
            messages.deleteRule(nil, chain: name, from: &batch)
            messages.deleteChain(name, from: &batch)
        }
        for chain in rewritten.sorted() where observed?.chains[chain] != nil {
            messages.deleteRule(nil, chain: chain, from: &batch)
        }
        for rule in surplus { messages.deleteRule(rule.handle, chain: rule.chain, from: &batch) }
        for chain in wrongChains.sorted() { messages.deleteChain(chain, from: &batch) }
        for set in wrongSets.sorted() { messages.deleteSet(set, from: &batch) }
        for set in missingSets { messages.add(set, to: &batch) }
        for chain in missingChains { messages.add(chain, to: &batch) }
        for chain in spec.chains where wrongPolicies.contains(chain.name) {
            messages.add(chain, to: &batch, isNew: false)
        }
        for chain in spec.chains where rewritten.contains(chain.name) {
            for rule in rules[chain.name, default: []] { messages.add(rule, chain: chain.name, to: &batch) }
        }
    }
}
