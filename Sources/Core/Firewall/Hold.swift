/// Rules that stand at the head of a chain for a moment: from the transaction that restores lost rules until the
/// connections are gone that began without them. What is established passes first, so nothing else would stop those.
public struct Hold: Sendable, Hashable {
    public let chain: String
    public let rules: [RuleSpec]

    public init(chain: String, rules: [RuleSpec]) {
        self.chain = chain
        self.rules = rules
    }
}

extension Ruleset {
    /// What is established from or to one of our bridges waits: each is in `outbound` or `confined`, in both families.
    /// New connections are judged as ever.
    public static let hold = Hold(
        chain: "forward",
        rules: [from, to].flatMap { selectors in
            ["outbound", "confined"].map { set in
                RuleSpec(
                    .state([.established, .related]), .isIn(selectors, set: set), .drop,
                    comment: "while connections begun without rules are ended")
            }
        })
}
