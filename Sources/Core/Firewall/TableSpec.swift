/// The nftables table as values: what the NFTables worker encodes, creates and compares with the kernel's.
public struct TableSpec: Sendable, Hashable {
    /// The name; the family is always `inet`.
    public let name: String
    public let comment: String
    public let sets: [SetSpec]
    public let chains: [ChainSpec]

    public init(name: String, comment: String, sets: [SetSpec], chains: [ChainSpec]) {
        self.name = name
        self.comment = comment
        self.sets = sets
        self.chains = chains
    }
}

/// The type of one field of a key or of a map's data (nft(8), "Data types").
public enum FieldType: Sendable, Hashable {
    /// `nf_proto`
    case family
    /// `ifname`: 16 bytes, padded with zeros.
    case interface
    /// `ipv4_addr`
    case ipv4
    /// `ipv6_addr`
    case ipv6
    /// `inet_proto`
    case transport
    /// `inet_service`
    case port
}

/// A named set, or a map when it has data.
public struct SetSpec: Sendable, Hashable {
    public enum Data: Sendable, Hashable {
        case verdict
        case fields([FieldType])
    }

    public let name: String
    /// More than one field: a concatenation.
    public let key: [FieldType]
    /// Nil in a plain set.
    public let data: Data?
    public let comment: String

    public init(_ name: String, key: [FieldType], data: Data? = nil, comment: String) {
        self.name = name
        self.key = key
        self.data = data
        self.comment = comment
    }
}

/// A chain with its rules, in order.
public struct ChainSpec: Sendable, Hashable {
    /// Where a base chain is hooked in; its policy is always accept.
    public struct Hook: Sendable, Hashable {
        /// The chain type (nft(8), "Chains").
        public enum Kind: String, Sendable, Hashable {
            case filter
            case nat
        }

        /// Hooks by their kernel number (linux/netfilter.h, `nf_inet_hooks`).
        public enum Point: UInt32, Sendable, Hashable {
            case prerouting = 0
            case input = 1
            case forward = 2
            case output = 3
            case postrouting = 4
        }

        public let kind: Kind
        public let point: Point
        public let priority: Int32

        public init(_ kind: Kind, _ point: Point, priority: Int32) {
            self.kind = kind
            self.point = point
            self.priority = priority
        }
    }

    public let name: String
    public let comment: String
    /// Nil in a chain that others jump to.
    public let hook: Hook?
    /// The administrator's: created when missing, and never touched again.
    public let belongsToUser: Bool
    public let rules: [RuleSpec]

    public init(
        _ name: String, comment: String, hook: Hook? = nil, belongsToUser: Bool = false, rules: [RuleSpec] = []
    ) {
        self.name = name
        self.comment = comment
        self.hook = hook
        self.belongsToUser = belongsToUser
        self.rules = rules
    }
}
