import CNFTables
import Firewall
import Glibc

extension NFTablesConnection {
    /// Other tables' chains that may stop what ours lets through: base chains in forward whose policy is drop, or that
    /// lead to a rule or verdict map that drops or rejects. An accept of ours doesn't override them (nft(8), "Chains").
    ///
    /// - Returns: for each what it is and why, such as `ip filter FORWARD (policy drop)`. Rules of the old iptables,
    ///   which aren't in nf_tables, are not seen.
    public func foreignDroppingChains() throws(NFTablesError) -> [String] {
        try locked { socket throws(NFTablesError) in
            let ruleset = try self.untilCalm { () throws(NFTablesError) in try self.foreignRuleset(&socket) }
            return ruleset.bases.sorted { $0.name < $1.name }.compactMap { base in
                if base.drops { return "\(base.name) (policy drop)" }
                return ruleset.firstDrop(from: base.name).map { "\(base.name) (\($0))" }
            }
        }
    }

    private func foreignRuleset(_ socket: inout NetfilterSocket) throws(NFTablesError) -> ForeignRuleset {
        var ruleset = ForeignRuleset(own: "inet " + table.name)
        try dump(&socket, NFT_MSG_GETTABLE, family: NFPROTO_UNSPEC) { ruleset.addTable($0) }
        try dump(&socket, NFT_MSG_GETCHAIN, family: NFPROTO_UNSPEC) { ruleset.addChain($0) }
        if ruleset.bases.isEmpty { return ruleset }
        try dump(&socket, NFT_MSG_GETRULE, family: NFPROTO_UNSPEC) { ruleset.addRule($0) }
        for map in ruleset.maps where ruleset.isReachable(map) {
            do throws(NFTablesError) {
                try dump(&socket, NFT_MSG_GETSETELEM, family: map.family, table: map.table, set: map.set) {
                    ruleset.addVerdicts($0, of: map)
                }
            } catch {
                guard error.errno == ENOENT else { throw error }  // the map is gone meanwhile
            }
        }
        return ruleset
    }
}

/// Chains of other tables and where they lead.
struct ForeignRuleset {
    struct Base {
        let name: String
        let drops: Bool
    }

    struct Map: Hashable {
        let family: Int
        let table: String
        let set: String
        /// The chain whose rule looks it up.
        let chain: String
    }

    /// Our table, `family name` like all names here.
    let own: String
    private var dormant: Set<String> = []
    private(set) var bases: [Base] = []
    private(set) var maps: Set<Map> = []
    /// By chain: what its rules drop by, and the chains they lead to.
    private var drops: [String: String] = [:]
    private var successors: [String: Set<String>] = [:]

    init(own: String) {
        self.own = own
    }

    mutating func addTable(_ message: UnsafePointer<nlmsghdr>) {
        guard let table = nftnl_table_alloc() else { return }
        defer { nftnl_table_free(table) }
        guard nftnl_table_nlmsg_parse(message, table) >= 0 else { return }
        let name = text(nftnl_table_get_str(table, UInt16(NFTNL_TABLE_NAME.rawValue)))
        if nftnl_table_get_u32(table, UInt16(NFTNL_TABLE_FLAGS.rawValue)) & UInt32(NFT_TABLE_F_DORMANT.rawValue) != 0 {
            dormant.insert(familyName(family(of: message)) + " " + name)
        }
    }

    mutating func addChain(_ message: UnsafePointer<nlmsghdr>) {
        guard let chain = nftnl_chain_alloc() else { return }
        defer { nftnl_chain_free(chain) }
        guard nftnl_chain_nlmsg_parse(message, chain) >= 0,
            nftnl_chain_is_set(chain, UInt16(NFTNL_CHAIN_HOOKNUM.rawValue)),
            nftnl_chain_get_u32(chain, UInt16(NFTNL_CHAIN_HOOKNUM.rawValue)) == ChainSpec.Hook.Point.forward.rawValue
        else { return }
        let family = family(of: message)
        // In netdev, 2 is no forward hook (linux/netfilter.h).
        guard [NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_BRIDGE].contains(family) else { return }
        let table = familyName(family) + " " + text(nftnl_chain_get_str(chain, UInt16(NFTNL_CHAIN_TABLE.rawValue)))
        guard table != own, !dormant.contains(table) else { return }
        let name = table + " " + text(nftnl_chain_get_str(chain, UInt16(NFTNL_CHAIN_NAME.rawValue)))
        let policy = nftnl_chain_get_u32(chain, UInt16(NFTNL_CHAIN_POLICY.rawValue))
        bases.append(Base(name: name, drops: policy == UInt32(NF_DROP)))
    }

    mutating func addRule(_ message: UnsafePointer<nlmsghdr>) {
        guard let rule = nftnl_rule_alloc() else { return }
        defer { nftnl_rule_free(rule) }
        guard NetfilterExpressions.areNamed(in: message), nftnl_rule_nlmsg_parse(message, rule) >= 0 else { return }
        let family = family(of: message)
        let table = text(nftnl_rule_get_str(rule, UInt16(NFTNL_RULE_TABLE.rawValue)))
        let prefix = familyName(family) + " " + table + " "
        let chain = prefix + text(nftnl_rule_get_str(rule, UInt16(NFTNL_RULE_CHAIN.rawValue)))
        for expression in expressions(of: rule) {
            switch expressionName(expression) {
            case "reject": note("reject", in: chain)
            case "target":
                if text(nftnl_expr_get_str(expression, UInt16(NFTNL_EXPR_TG_NAME))) == "REJECT" {
                    note("reject", in: chain)
                }
            case "immediate" where nftnl_expr_is_set(expression, UInt16(NFTNL_EXPR_IMM_VERDICT)):
                let target = nftnl_expr_get_str(expression, UInt16(NFTNL_EXPR_IMM_CHAIN))
                addVerdict(
                    nftnl_expr_get_u32(expression, UInt16(NFTNL_EXPR_IMM_VERDICT)),
                    target: target.map { prefix + String(cString: $0) }, in: chain)
            case "lookup" where isVerdictLookup(expression):
                let set = text(nftnl_expr_get_str(expression, UInt16(NFTNL_EXPR_LOOKUP_SET)))
                maps.insert(Map(family: family, table: table, set: set, chain: chain))
            default: break
            }
        }
    }

    mutating func addVerdicts(_ message: UnsafePointer<nlmsghdr>, of map: Map) {
        guard let list = nftnl_set_alloc() else { return }
        defer { nftnl_set_free(list) }
        guard NetfilterExpressions.areNamed(in: message), nftnl_set_elems_nlmsg_parse(message, list) >= 0,
            let items = nftnl_set_elems_iter_create(list)
        else { return }
        defer { nftnl_set_elems_iter_destroy(items) }
        let prefix = familyName(map.family) + " " + map.table + " "
        while let item = nftnl_set_elems_iter_next(items) {
            guard nftnl_set_elem_is_set(item, UInt16(NFTNL_SET_ELEM_VERDICT)) else { continue }
            let target = nftnl_set_elem_get_str(item, UInt16(NFTNL_SET_ELEM_CHAIN))
            addVerdict(
                nftnl_set_elem_get_u32(item, UInt16(NFTNL_SET_ELEM_VERDICT)),
                target: target.map { prefix + String(cString: $0) }, in: map.chain)
        }
    }

    /// Whether a base chain's rules can lead to the map, chains in other maps left aside.
    func isReachable(_ map: Map) -> Bool {
        let table = familyName(map.family) + " " + map.table + " "
        return bases.contains { $0.name.hasPrefix(table) }
    }

    /// What drops first, breadth first: `drop in filter_FORWARD`.
    func firstDrop(from base: String) -> String? {
        var queue = [base][...]
        var seen: Set = [base]
        while let chain = queue.popFirst() {
            if let verdict = drops[chain] { return chain == base ? verdict : "\(verdict) in \(shortName(chain))" }
            for next in successors[chain, default: []].sorted() where seen.insert(next).inserted { queue.append(next) }
        }
        return nil
    }

    private mutating func addVerdict(_ code: UInt32, target: String?, in chain: String) {
        if code == UInt32(NF_DROP) { note("drop", in: chain) }
        if let target { successors[chain, default: []].insert(target) }
    }

    private mutating func note(_ verdict: String, in chain: String) {
        if drops[chain] == nil { drops[chain] = verdict }
    }

    private func isVerdictLookup(_ expression: OpaquePointer) -> Bool {
        nftnl_expr_is_set(expression, UInt16(NFTNL_EXPR_LOOKUP_DREG))
            && nftnl_expr_get_u32(expression, UInt16(NFTNL_EXPR_LOOKUP_DREG)) == UInt32(NFT_REG_VERDICT.rawValue)
    }

    private func family(of message: UnsafePointer<nlmsghdr>) -> Int {
        Int(UnsafeRawPointer(message).load(fromByteOffset: 16, as: UInt8.self))
    }

    private func familyName(_ family: Int) -> String {
        switch family {
        case NFPROTO_INET: "inet"
        case NFPROTO_IPV4: "ip"
        case NFPROTO_IPV6: "ip6"
        case NFPROTO_BRIDGE: "bridge"
        case NFPROTO_NETDEV: "netdev"
        case NFPROTO_ARP: "arp"
        default: "\(family)"
        }
    }

    private func shortName(_ chain: String) -> String {
        chain.split(separator: " ").last.map(String.init) ?? chain
    }

    private func text(_ pointer: UnsafePointer<CChar>?) -> String {
        pointer.map { String(cString: $0) } ?? ""
    }
}
