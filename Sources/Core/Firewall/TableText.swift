import Addressing

extension TableSpec: CustomStringConvertible {
    /// The table in nft(8) syntax, without elements: `nft -f` makes from it what the NFTables worker makes.
    public var description: String {
        let body = ["comment \"\(comment)\"", ""] + sets.flatMap(\.lines) + chains.flatMap(\.lines)
        return (["table inet \(name) {"] + indented(body.dropLast()) + ["}"]).joined(separator: "\n") + "\n"
    }
}

private func indented(_ lines: some Sequence<String>) -> [String] {
    lines.map { $0.isEmpty ? "" : "    " + $0 }
}

extension SetSpec {
    fileprivate var lines: [String] {
        var type = key.map(\.text).joined(separator: " . ")
        switch data {
        case nil: break
        case .verdict: type += " : verdict"
        case .fields(let fields): type += " : " + fields.map(\.text).joined(separator: " . ")
        }
        return ["\(data == nil ? "set" : "map") \(name) {"] + indented(["type \(type)", "comment \"\(comment)\""])
            + ["}", ""]
    }
}

extension ChainSpec {
    fileprivate var lines: [String] {
        var body = ["comment \"\(comment)\""]
        if let hook {
            body.append("type \(hook.kind.rawValue) hook \(hook.point) priority \(hook.priority); policy accept;")
        }
        return ["chain \(name) {"] + indented(body + rules.map(\.text)) + ["}", ""]
    }
}

extension RuleSpec {
    fileprivate var text: String {
        statements.map(\.text).joined(separator: " ") + (comment.isEmpty ? "" : " comment \"\(comment)\"")
    }
}

extension FieldType {
    fileprivate var text: String {
        switch self {
        case .family: "nf_proto"
        case .interface: "ifname"
        case .ipv4: "ipv4_addr"
        case .ipv6: "ipv6_addr"
        case .transport: "inet_proto"
        case .port: "inet_service"
        }
    }
}

extension Selector {
    fileprivate var text: String {
        switch self {
        case .family: "meta nfproto"
        case .inputInterface: "iifname"
        case .outputInterface: "oifname"
        case .destination(.ipv4): "ip daddr"
        case .destination(.ipv6): "ip6 daddr"
        }
    }
}

extension ConnectionStates {
    fileprivate var text: String {
        let names: [(ConnectionStates, String)] = [
            (.invalid, "invalid"), (.established, "established"), (.related, "related"),
        ]
        return names.filter { contains($0.0) }.map(\.1).joined(separator: ",")
    }
}

extension Statement {
    fileprivate var text: String {
        func joined(_ selectors: [Selector]) -> String { selectors.map(\.text).joined(separator: " . ") }
        return switch self {
        case .state(let states): "ct state " + states.text
        case .familyIs(let family): "meta nfproto " + (family == .ipv4 ? "ipv4" : "ipv6")
        case .transportIs(let number): "meta l4proto \(number)"
        case .isIn(let selectors, let set): "\(joined(selectors)) @\(set)"
        case .isNotIn(let selectors, let set): "\(joined(selectors)) != @\(set)"
        case .verdict(let selectors, let map): "\(joined(selectors)) vmap @\(map)"
        case .counter: "counter"
        case .accept: "accept"
        case .drop: "drop"
        case .jump(let chain): "jump \(chain)"
        case .goto(let chain): "goto \(chain)"
        case .masquerade: "masquerade"
        case .sourceNAT(let family, let selectors, let map):
            "snat \(family == .ipv4 ? "ip" : "ip6") to \(joined(selectors)) map @\(map)"
        }
    }
}
