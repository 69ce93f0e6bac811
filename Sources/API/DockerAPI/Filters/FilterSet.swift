import JSON

/// The `filters` parameter: values by key, each with the truth it came with (moby `daemon/internal/filters`).
struct FilterSet: Sendable {
    private var fields: [String: [String: Bool]] = [:]

    init() {}

    /// Reads the canonical form, `{"label":{"a":true}}`, or the legacy one, `{"label":["a"]}`. "" is no filter.
    ///
    /// - Throws: 400 `invalid filter`.
    init(_ text: String) throws(APIError) {
        if text.isEmpty { return }
        guard let document = try? JSON.parse(text), let fields = Self.canonical(document) ?? Self.legacy(document)
        else { throw .badRequest("invalid filter") }
        self.fields = fields
    }

    private static func canonical(_ document: JSONValue) -> [String: [String: Bool]]? {
        members(document) { value in
            members(value) { value in
                switch value {
                case .null: false
                case .bool(let truth): truth
                default: nil
                }
            }
        }
    }

    private static func legacy(_ document: JSONValue) -> [String: [String: Bool]]? {
        members(document) { value -> [String: Bool]? in
            if value == .null { return [:] }
            guard case .array(let elements) = value else { return nil }
            var values: [String: Bool] = [:]
            for element in elements {
                switch element {
                case .string(let text): values[text] = true
                case .null: values[""] = true
                default: return nil
                }
            }
            return values
        }
    }

    /// A map's entries, each read by `read`; nil unless all of them are.
    private static func members<Value>(
        _ value: JSONValue, _ read: (JSONValue) -> Value?
    ) -> [String: Value]? {
        if value == .null { return [:] }
        guard case .object(let object) = value else { return nil }
        var result: [String: Value] = [:]
        for member in object.members {
            guard let value = read(member.value) else { return nil }
            result[member.key] = value
        }
        return result
    }

    var isEmpty: Bool { fields.isEmpty }

    /// Refuses keys that the route doesn't know: 400 `invalid filter '<key>'`.
    func validate(_ known: Set<String>) throws(APIError) {
        for key in fields.keys.sorted() where !known.contains(key) { throw .badRequest("invalid filter '\(key)'") }
    }

    func contains(_ key: String) -> Bool { fields[key] != nil }

    /// In order of their bytes.
    func values(_ key: String) -> [String] { (fields[key] ?? [:]).keys.sorted() }

    /// Whether the key is given at all, or with a value that is: then something is filtered by it.
    private func listed(_ key: String) -> [String: Bool]? {
        guard let values = fields[key], !values.isEmpty else { return nil }
        return values
    }

    /// The text is one of the values, or there are none. A value sent as false is not listed.
    func matchesExactly(_ key: String, _ text: String) -> Bool {
        guard let values = listed(key) else { return true }
        return values[text] == true
    }

    /// The text is one of the values or begins with one, or there are none.
    func matchesPrefix(_ key: String, _ text: String) -> Bool {
        guard let values = listed(key) else { return true }
        return values[text] == true || values.keys.contains { text.hasPrefix($0) }
    }

    /// Every value is a label that is there, with its value where one is given.
    func matchesLabels(_ key: String, _ labels: [String: String]) -> Bool {
        guard let values = listed(key) else { return true }
        return values.keys.allSatisfy { wanted in
            let sides = wanted.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = sides.first, let value = labels[String(name)] else { return false }
            return sides.count == 1 || value == sides[1]
        }
    }

    /// A filter that has one of two values, in two spellings each.
    ///
    /// - Throws: 400 for more than one value, or another.
    func truth(_ key: String) throws(APIError) -> Bool? {
        guard let values = listed(key) else { return nil }
        if values.count > 1 { throw .badRequest("got more than one value for filter key \"\(key)\"") }
        switch values.keys.first {
        case "1", "true": return true
        case "0", "false": return false
        default:
            throw .badRequest(
                "invalid value for filter '\(key)', must be \"true\" (or \"1\"), or \"false\" (or \"0\")")
        }
    }
}
