import Addressing
import CNFTables
import Firewall

/// A rule as libnftnl's object; freed with it.
final class EncodedRule {
    let pointer: OpaquePointer

    /// Nil without memory.
    init?(_ spec: RuleSpec, chain: String, table: String) {
        guard let rule = nftnl_rule_alloc() else { return nil }
        pointer = rule
        nftnl_rule_set_u32(rule, UInt16(NFTNL_RULE_FAMILY.rawValue), UInt32(NFPROTO_INET))
        nftnl_rule_set_str(rule, UInt16(NFTNL_RULE_TABLE.rawValue), table)
        nftnl_rule_set_str(rule, UInt16(NFTNL_RULE_CHAIN.rawValue), chain)
        let comment = CommentCoding.encode(spec.comment)
        if !comment.isEmpty {
            nftnl_rule_set_data(rule, UInt16(NFTNL_RULE_USERDATA.rawValue), comment, UInt32(comment.count))
        }
        var encoder = RuleEncoder(rule: rule)
        for statement in spec.statements { encoder.add(statement) }
    }

    deinit { nftnl_rule_free(pointer) }
}

/// Statements as the expressions that nft(8) would write, so that it reads them back as the same text.
private struct RuleEncoder {
    let rule: OpaquePointer
    /// The family that the rule already made sure of, before it looks at an address.
    private var family: AddressFamily?

    init(rule: OpaquePointer) {
        self.rule = rule
    }

    mutating func add(_ statement: Statement) {
        switch statement {
        case .state(let states): addState(states)
        case .familyIs(let wanted): addFamily(wanted)
        case .transportIs(let number):
            load(meta: NFT_META_L4PROTO, into: register(at: 0))
            compare(NFT_CMP_EQ, [number])
        case .isIn(let selectors, let set): lookup(selectors, set, flags: 0)
        case .isNotIn(let selectors, let set): lookup(selectors, set, flags: UInt32(NFT_LOOKUP_F_INV.rawValue))
        case .verdict(let selectors, let map): lookup(selectors, map, flags: 0, into: UInt32(NFT_REG_VERDICT.rawValue))
        case .counter: append("counter") { _ in }
        case .accept: verdict(Int32(NF_ACCEPT))
        case .drop: verdict(Int32(NF_DROP))
        case .jump(let chain): verdict(NFT_JUMP.rawValue, chain)
        case .goto(let chain): verdict(NFT_GOTO.rawValue, chain)
        case .masquerade: append("masq") { _ in }
        case .sourceNAT(let family, let selectors, let map):
            lookup(selectors, map, flags: 0, into: register(at: 0))
            translate(family)
        }
    }

    private func append(_ name: String, _ configure: (OpaquePointer) -> Void) {
        guard let expression = nftnl_expr_alloc(name) else { return }
        configure(expression)
        nftnl_rule_add_expr(rule, expression)
    }

    /// The register that a field of a key goes to; the kernel names those at 16 byte boundaries by their old numbers.
    private func register(at offset: Int) -> UInt32 {
        offset % 16 == 0
            ? UInt32(NFT_REG_1.rawValue) + UInt32(offset / 16) : UInt32(NFT_REG32_00.rawValue) + UInt32(offset / 4)
    }

    private func load(meta key: nft_meta_keys, into register: UInt32) {
        append("meta") {
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_META_KEY), key.rawValue)
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_META_DREG), register)
        }
    }

    private func compare(_ operation: nft_cmp_ops, _ bytes: [UInt8]) {
        append("cmp") {
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_CMP_SREG), register(at: 0))
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_CMP_OP), operation.rawValue)
            nftnl_expr_set($0, UInt16(NFTNL_EXPR_CMP_DATA), bytes, UInt32(bytes.count))
        }
    }

    private mutating func addFamily(_ wanted: AddressFamily) {
        load(meta: NFT_META_NFPROTO, into: register(at: 0))
        compare(NFT_CMP_EQ, [wanted.protocolFamily])
        family = wanted
    }

    private func addState(_ states: ConnectionStates) {
        append("ct") {
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_CT_KEY), NFT_CT_STATE.rawValue)
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_CT_DREG), register(at: 0))
        }
        append("bitwise") {
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_BITWISE_SREG), register(at: 0))
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_BITWISE_DREG), register(at: 0))
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_BITWISE_LEN), 4)
            var mask = states.rawValue
            nftnl_expr_set($0, UInt16(NFTNL_EXPR_BITWISE_MASK), &mask, 4)
            var nothing: UInt32 = 0
            nftnl_expr_set($0, UInt16(NFTNL_EXPR_BITWISE_XOR), &nothing, 4)
        }
        compare(NFT_CMP_NEQ, [0, 0, 0, 0])
    }

    /// Loads the selectors side by side and looks them up; an address is only looked at in a packet of its family.
    private mutating func lookup(_ selectors: [Selector], _ set: String, flags: UInt32, into result: UInt32? = nil) {
        for case .destination(let wanted) in selectors where family != wanted { addFamily(wanted) }
        var offset = 0
        for selector in selectors {
            let target = register(at: offset)
            switch selector {
            case .family: load(meta: NFT_META_NFPROTO, into: target)
            case .inputInterface: load(meta: NFT_META_IIFNAME, into: target)
            case .outputInterface: load(meta: NFT_META_OIFNAME, into: target)
            case .destination(let family): loadDestination(family, into: target)
            }
            offset += selector.type.paddedLength
        }
        append("lookup") {
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_LOOKUP_SREG), register(at: 0))
            nftnl_expr_set_str($0, UInt16(NFTNL_EXPR_LOOKUP_SET), set)
            if let result { nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_LOOKUP_DREG), result) }
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_LOOKUP_FLAGS), flags)
        }
    }

    /// At 16 in an IPv4 header (RFC 791), at 24 in an IPv6 header (RFC 8200).
    private func loadDestination(_ family: AddressFamily, into register: UInt32) {
        append("payload") {
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_PAYLOAD_DREG), register)
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_PAYLOAD_BASE), NFT_PAYLOAD_NETWORK_HEADER.rawValue)
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_PAYLOAD_OFFSET), family == .ipv4 ? 16 : 24)
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_PAYLOAD_LEN), UInt32(family.bits / 8))
        }
    }

    private func verdict(_ code: Int32, _ chain: String? = nil) {
        append("immediate") {
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_IMM_DREG), UInt32(NFT_REG_VERDICT.rawValue))
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_IMM_VERDICT), UInt32(bitPattern: code))
            if let chain { nftnl_expr_set_str($0, UInt16(NFTNL_EXPR_IMM_CHAIN), chain) }
        }
    }

    private func translate(_ family: AddressFamily) {
        append("nat") {
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_NAT_TYPE), NFT_NAT_SNAT.rawValue)
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_NAT_FAMILY), UInt32(family.protocolFamily))
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_NAT_REG_ADDR_MIN), register(at: 0))
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_NAT_REG_ADDR_MAX), register(at: 0))
            nftnl_expr_set_u32($0, UInt16(NFTNL_EXPR_NAT_FLAGS), 1)  // NF_NAT_RANGE_MAP_IPS
        }
    }
}

extension Selector {
    fileprivate var type: FieldType {
        switch self {
        case .family: .family
        case .inputInterface, .outputInterface: .interface
        case .destination(.ipv4): .ipv4
        case .destination(.ipv6): .ipv6
        }
    }
}

/// A rule as text to compare: libnftnl's print of the expressions without counts, and the comment.
func ruleText(_ rule: OpaquePointer) -> String {
    var text = ""
    for expression in expressions(of: rule) {
        let name = expressionName(expression)
        text += name == "counter" ? "[ counter ]" : "[ \(name) \(printed(expression))]"
    }
    var length: UInt32 = 0
    let userdata = nftnl_rule_get_data(rule, UInt16(NFTNL_RULE_USERDATA.rawValue), &length)
    let comment = CommentCoding.decode(userdata, length)
    return comment.isEmpty ? text : text + " " + comment
}

/// The rule's expressions; they live as long as the rule.
func expressions(of rule: OpaquePointer) -> [OpaquePointer] {
    guard let iterator = nftnl_expr_iter_create(rule) else { return [] }
    defer { nftnl_expr_iter_destroy(iterator) }
    var found: [OpaquePointer] = []
    while let expression = nftnl_expr_iter_next(iterator) { found.append(expression) }
    return found
}

func expressionName(_ expression: OpaquePointer) -> String {
    nftnl_expr_get_str(expression, UInt16(NFTNL_EXPR_NAME)).map { String(cString: $0) } ?? ""
}

private func printed(_ expression: OpaquePointer) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
        guard let base = buffer.baseAddress else { return "" }
        base[0] = 0
        nftnl_expr_snprintf(base, buffer.count, expression, UInt32(NFTNL_OUTPUT_DEFAULT.rawValue), 0)
        return String(cString: base)
    }
}
