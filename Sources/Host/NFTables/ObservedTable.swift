import CNFTables
import Firewall

/// A table as the kernel has it, as far as it can be compared with a `TableSpec`.
struct ObservedTable {
    struct Rule {
        let handle: UInt64
        let text: String
    }

    struct Chain {
        /// Nil in a chain that others jump to.
        var hook: ChainSpec.Hook?
        /// Whether it has a hook, also one that a spec doesn't know.
        var isBase = false
        var accepts = true
        var rules: [Rule] = []
    }

    struct SetShape: Equatable {
        var keyType: UInt32
        var keyLength: UInt32
        var dataType: UInt32
        var dataLength: UInt32
        var flags: UInt32
    }

    /// Loaded, but switched off (NFT_TABLE_F_DORMANT).
    var isDormant = false
    var chains: [String: Chain] = [:]
    var sets: [String: SetShape] = [:]
}

/// The tables' objects out of dumped messages.
enum TableDecoding {
    static func addChain(_ message: UnsafePointer<nlmsghdr>, to observed: inout ObservedTable) {
        guard let chain = nftnl_chain_alloc() else { return }
        defer { nftnl_chain_free(chain) }
        guard nftnl_chain_nlmsg_parse(message, chain) >= 0,
            let name = nftnl_chain_get_str(chain, UInt16(NFTNL_CHAIN_NAME.rawValue))
        else { return }
        var shape = ObservedTable.Chain()
        if nftnl_chain_is_set(chain, UInt16(NFTNL_CHAIN_HOOKNUM.rawValue)) {
            shape.isBase = true
            shape.hook = hook(chain)
            shape.accepts = nftnl_chain_get_u32(chain, UInt16(NFTNL_CHAIN_POLICY.rawValue)) == UInt32(NF_ACCEPT)
        }
        observed.chains[String(cString: name)] = shape
    }

    private static func hook(_ chain: OpaquePointer) -> ChainSpec.Hook? {
        guard let type = nftnl_chain_get_str(chain, UInt16(NFTNL_CHAIN_TYPE.rawValue)),
            let kind = ChainSpec.Hook.Kind(rawValue: String(cString: type)),
            let point = ChainSpec.Hook.Point(
                rawValue: nftnl_chain_get_u32(chain, UInt16(NFTNL_CHAIN_HOOKNUM.rawValue)))
        else { return nil }
        let priority = nftnl_chain_get_s32(chain, UInt16(NFTNL_CHAIN_PRIO.rawValue))
        return ChainSpec.Hook(kind, point, priority: priority)
    }

    static func addRule(_ message: UnsafePointer<nlmsghdr>, to observed: inout ObservedTable) {
        guard let rule = nftnl_rule_alloc() else { return }
        defer { nftnl_rule_free(rule) }
        guard NetfilterExpressions.areNamed(in: message), nftnl_rule_nlmsg_parse(message, rule) >= 0,
            let chain = nftnl_rule_get_str(rule, UInt16(NFTNL_RULE_CHAIN.rawValue))
        else { return }
        let handle = nftnl_rule_get_u64(rule, UInt16(NFTNL_RULE_HANDLE.rawValue))
        observed.chains[String(cString: chain)]?.rules
            .append(ObservedTable.Rule(handle: handle, text: ruleText(rule)))
    }

    static func addSet(_ message: UnsafePointer<nlmsghdr>, to observed: inout ObservedTable) {
        guard let set = nftnl_set_alloc() else { return }
        defer { nftnl_set_free(set) }
        guard NetfilterExpressions.areNamed(in: message), nftnl_set_nlmsg_parse(message, set) >= 0,
            let name = nftnl_set_get_str(set, UInt16(NFTNL_SET_NAME.rawValue))
        else { return }
        func number(_ attribute: nftnl_set_attr) -> UInt32 { nftnl_set_get_u32(set, UInt16(attribute.rawValue)) }
        let dataType = number(NFTNL_SET_DATA_TYPE)
        observed.sets[String(cString: name)] = ObservedTable.SetShape(
            keyType: number(NFTNL_SET_KEY_TYPE), keyLength: number(NFTNL_SET_KEY_LEN), dataType: dataType,
            dataLength: dataType == SetSpec.verdictType ? 0 : number(NFTNL_SET_DATA_LEN),
            flags: number(NFTNL_SET_FLAGS))
    }
}

extension SetSpec {
    /// NFT_DATA_VERDICT (linux/netfilter/nf_tables.h): an expression of casts that Swift doesn't import.
    static let verdictType: UInt32 = 0xFFFF_FF00

    var shape: ObservedTable.SetShape {
        var shape = ObservedTable.SetShape(
            keyType: key.typeCode, keyLength: UInt32(key.keyLength), dataType: 0, dataLength: 0, flags: 0)
        switch data {
        case nil: break
        case .verdict:
            shape.dataType = Self.verdictType
            shape.flags = UInt32(NFT_SET_MAP.rawValue)
        case .fields(let fields):
            shape.dataType = fields.typeCode
            shape.dataLength = UInt32(fields.keyLength)
            shape.flags = UInt32(NFT_SET_MAP.rawValue)
        }
        return shape
    }
}

extension [FieldType] {
    /// nft(8)'s numbers of the types, six bits each (nftables, include/datatype.h).
    var typeCode: UInt32 { reduce(0) { $0 << 6 | $1.typeCode } }
    /// What nft(8) keeps as the byte order: 1 the host's, 2 the network's, 0 neither.
    var byteOrder: UInt8 {
        guard count == 1 else { return 0 }
        return switch self[0] {
        case .family, .transport: 0
        case .interface: 1
        case .ipv4, .ipv6, .port: 2
        }
    }
}

extension FieldType {
    fileprivate var typeCode: UInt32 {
        switch self {
        case .family: 2
        case .ipv4: 7
        case .ipv6: 8
        case .transport: 12
        case .port: 13
        case .interface: 41
        }
    }
}
