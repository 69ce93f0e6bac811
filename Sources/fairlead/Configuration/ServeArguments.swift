/// The words after `serve`, with dockerd's freedoms (Go's pflag) made plain: every flag with a value becomes
/// `--name=value`, switches included, and flags of dockerd that Fairlead does nothing with are taken out.
struct ServeArguments: Hashable {
    struct Foreign: Hashable {
        let directive: ForeignDirective
        let value: String
    }

    /// For the argument parser.
    private(set) var words: [String] = []
    private(set) var foreign: [Foreign] = []

    /// Flags of `serve` that stand for no key in the file.
    private static let valued: Set<String> = ["config-file"]

    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard word != "--" else {
                words += [word] + rest
                return
            }
            take(word, &rest)
        }
    }

    private mutating func take(_ word: String, _ rest: inout ArraySlice<String>) {
        guard let (name, attached) = Self.split(word) else { return words.append(word) }
        if let directive = ForeignDirective.byFlag[name] {
            let value = attached ?? (directive.isBoolean ? "true" : rest.popFirst() ?? "")
            return foreign.append(Foreign(directive: directive, value: value))
        }
        let kind = Self.valued.contains(name) ? .text : Directive.byFlag[name]?.kind
        guard let kind else { return words.append(word) }
        if let attached { return words.append("--\(name)=\(attached)") }
        if kind == .boolean { return words.append("--\(name)=true") }
        // Without a value: the parser says so.
        guard let value = rest.popFirst() else { return words.append("--\(name)") }
        words.append("--\(name)=\(value)")
    }

    /// The long name of a flag, and what is attached to it; nil for anything else.
    private static func split(_ word: String) -> (name: String, attached: String?)? {
        if word.hasPrefix("--") {
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count == 2 ? String(parts[1]) : nil)
        }
        guard word.hasPrefix("-"), let short = word.dropFirst().first, let directive = Directive.byShort[short] else {
            return nil
        }
        let attached = word.dropFirst(2)
        if attached.isEmpty { return (directive.flag, nil) }
        return (directive.flag, String(attached.hasPrefix("=") ? attached.dropFirst() : attached))
    }
}
