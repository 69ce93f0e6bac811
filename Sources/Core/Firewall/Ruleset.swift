public import Addressing
public import Dataplane

/// The one table `inet fairlead`: the same chains and rules on every host. Networks and endpoints are elements.
///
/// No element leads to a chain, only to accept or drop: on every batch with a `goto` element the kernel validates the
/// whole table again, all elements of all verdict maps included (net/netfilter/nf_tables_api.c, `nft_table_validate`),
/// which takes 2 ms at 10,000 networks where a plain element takes 12 µs.
public enum Ruleset {
    /// The table; see the comments on its sets and chains.
    public static let table = TableSpec(
        name: "fairlead", comment: "static rules; networks and endpoints are elements", sets: sets, chains: chains)

    /// The administrator's chain at the start of `guard`: sees the original destination, before connection tracking.
    public static let userIngress = "user-ingress"
    /// The administrator's chain at the start of `forward`.
    public static let userForward = "user-forward"

    /// Foreign traffic of these families is not forwarded: Fairlead itself turned their forwarding on.
    public static func closedElements(for families: [AddressFamily]) -> [SetElement] {
        families.map { SetElement("closed", [.family($0)], comment: "forwarding turned on by fairlead") }
    }

    private static let familyAndBridge: [FieldType] = [.family, .interface]

    private static let sets = [
        SetSpec("guarded4", key: [.ipv4], comment: "container addresses that only direct4 leads to"),
        SetSpec("guarded6", key: [.ipv6], comment: "container addresses that only direct6 leads to"),
        SetSpec("direct4", key: [.ipv4, .interface], comment: "where a guarded address is reached from"),
        SetSpec("direct6", key: [.ipv6, .interface], comment: "where a guarded address is reached from"),
        SetSpec("within", key: [.interface, .interface], data: .verdict, comment: "inside one bridge: icc"),
        SetSpec("protected", key: familyAndBridge, comment: "bridges that nothing enters unpublished"),
        SetSpec("routed", key: familyAndBridge, comment: "bridges in gateway mode routed: ICMP enters"),
        SetSpec("open", key: familyAndBridge, comment: "bridges in gateway mode nat-unprotected: all enters"),
        SetSpec("outbound", key: familyAndBridge, comment: "bridges whose containers reach other networks"),
        SetSpec(
            "confined", key: familyAndBridge, comment: "bridges whose containers do not: internal, or no such family"),
        SetSpec(
            "translated", key: familyAndBridge, comment: "bridges whose traffic leaves under an address of the host"),
        SetSpec("source4", key: [.interface], data: .fields([.ipv4]), comment: "that address, where it is a given one"),
        SetSpec("source6", key: [.interface], data: .fields([.ipv6]), comment: "that address, where it is a given one"),
        SetSpec("isolated", key: familyAndBridge, comment: "bridges in gateway mode isolated: not even the host"),
        SetSpec("closed", key: [.family], comment: "families in which foreign traffic is not forwarded"),
    ]

    private static let chains = [
        ChainSpec(
            userIngress, comment: "yours: first of all, original destinations; never changed", belongsToUser: true),
        ChainSpec(userForward, comment: "yours: first in forward; never changed", belongsToUser: true),
        ChainSpec(
            "guard", comment: "container addresses are reached from their own bridge",
            hook: ChainSpec.Hook(.filter, .prerouting, priority: -300),
            rules: [RuleSpec(.jump(userIngress))] + AddressFamily.allCases.map(guardRule)),
        ChainSpec(
            "invalid", comment: "packets of no connection would pass without translation",
            rules: [
                RuleSpec(.isIn(from, set: "translated"), .counter, .drop),
                RuleSpec(.isIn(to, set: "open"), .counter, .drop),
                RuleSpec(.isIn(to, set: "routed"), .counter, .drop),
            ]),
        ChainSpec(
            "passing", comment: "what its destination lets in, if its origin lets it out",
            rules: [
                RuleSpec(.isIn(from, set: "outbound"), .accept),
                RuleSpec(.isIn(from, set: "confined"), .counter, .drop, comment: "stays inside"),
                RuleSpec(.isIn(to, set: "open"), .accept),
                RuleSpec(.isIn(to, set: "routed"), .accept),
                RuleSpec(.isIn([.family], set: "closed"), .counter, .drop, comment: "foreign"),
            ]),
        ChainSpec(
            "forward", comment: "within a bridge, into one, out of one",
            hook: ChainSpec.Hook(.filter, .forward, priority: 0),
            rules: [
                RuleSpec(.jump(userForward)),
                RuleSpec(.state([.established, .related]), .accept),
                RuleSpec(.verdict([.inputInterface, .outputInterface], map: "within")),
                RuleSpec(.state(.invalid), .jump("invalid")),
                RuleSpec(.transportIs(icmp), .familyIs(.ipv4), .isIn(to, set: "routed"), .goto("passing")),
                RuleSpec(.transportIs(icmpv6), .familyIs(.ipv6), .isIn(to, set: "routed"), .goto("passing")),
                RuleSpec(.isIn(to, set: "protected"), .counter, .drop, comment: "not published"),
                RuleSpec(.goto("passing")),
            ]),
        ChainSpec(
            "input", comment: "isolated networks don't reach the host",
            hook: ChainSpec.Hook(.filter, .input, priority: 0),
            rules: [RuleSpec(.isIn(from, set: "isolated"), .counter, .drop)]),
        ChainSpec(
            "source", comment: "under which address traffic leaves",
            hook: ChainSpec.Hook(.nat, .postrouting, priority: 100),
            rules: [
                RuleSpec(
                    .verdict([.inputInterface, .outputInterface], map: "within"), comment: "never inside a bridge"),
                RuleSpec(.sourceNAT(.ipv4, [.inputInterface], map: "source4")),
                RuleSpec(.sourceNAT(.ipv6, [.inputInterface], map: "source6")),
                RuleSpec(.isIn(from, set: "translated"), .masquerade),
            ]),
    ]

    static let from: [Selector] = [.family, .inputInterface]
    static let to: [Selector] = [.family, .outputInterface]
    private static let icmp: UInt8 = 1
    private static let icmpv6: UInt8 = 58

    private static func guardRule(_ family: AddressFamily) -> RuleSpec {
        RuleSpec(
            .isIn([.destination(family)], set: family.guardedSet),
            .isNotIn([.destination(family), .inputInterface], set: family.directSet), .counter, .drop,
            comment: "not from there")
    }
}

extension AddressFamily {
    var guardedSet: String { self == .ipv4 ? "guarded4" : "guarded6" }
    var directSet: String { self == .ipv4 ? "direct4" : "direct6" }
    var sourceMap: String { self == .ipv4 ? "source4" : "source6" }
}
