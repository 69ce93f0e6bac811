public import Addressing

/// One rule: statements from left to right, as nft(8) writes them.
public struct RuleSpec: Sendable, Hashable {
    public let statements: [Statement]
    /// Shown by `nft list`; "" for none.
    public let comment: String

    public init(_ statements: Statement..., comment: String = "") {
        self.statements = statements
        self.comment = comment
    }
}

/// Something of a packet that a rule can look at.
public enum Selector: Sendable, Hashable {
    /// `meta nfproto`
    case family
    /// `iifname`
    case inputInterface
    /// `oifname`
    case outputInterface
    /// `ip daddr` or `ip6 daddr`; implies that the packet is of that family.
    case destination(AddressFamily)
}

/// Connection tracking states as bits (linux/netfilter/nf_conntrack_common.h, `NF_CT_STATE_BIT`).
public struct ConnectionStates: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    public static let invalid = ConnectionStates(rawValue: 1)
    public static let established = ConnectionStates(rawValue: 2)
    public static let related = ConnectionStates(rawValue: 4)
}

/// The statements the table needs.
public enum Statement: Sendable, Hashable {
    /// `ct state established,related`
    case state(ConnectionStates)
    /// `meta nfproto ipv4`
    case familyIs(AddressFamily)
    /// `meta l4proto icmp`, by IP protocol number.
    case transportIs(UInt8)
    /// `iifname . oifname @set`
    case isIn([Selector], set: String)
    /// `iifname . oifname != @set`
    case isNotIn([Selector], set: String)
    /// `iifname . oifname vmap @map`
    case verdict([Selector], map: String)
    case counter
    case accept
    case drop
    case jump(String)
    case goto(String)
    case masquerade
    /// `snat ip to iifname map @map`
    case sourceNAT(AddressFamily, [Selector], map: String)
}
