import Addressing

/// A query's parameters, read as Go's `url.ParseQuery` does; the first value of a name counts.
struct QueryParameters: Sendable {
    private var values: [String: [String]] = [:]
    /// What `ParseForm` refuses the query with; routes that don't parse it, don't mind.
    private(set) var refusal: APIError?

    init(_ query: Substring) {
        guard !query.isEmpty else { return }
        for part in query.utf8.split(separator: UInt8(ascii: "&")) {
            if part.contains(UInt8(ascii: ";")) {
                refusal = APIError(400, "invalid semicolon separator in query")
                continue
            }
            let mark = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let text = mark == part.endIndex ? part[mark...] : part[part.index(after: mark)...]
            guard let name = decode(part[..<mark]), let value = decode(text) else { continue }
            values[name, default: []].append(value)
        }
    }

    private mutating func decode(_ text: Substring.UTF8View.SubSequence) -> String? {
        if let bytes = PercentEncoding.decode(text, plusIsSpace: true) { return String(decoding: bytes, as: UTF8.self) }
        let escape = PercentEncoding.firstInvalidEscape(Substring(text))
        refusal = refusal ?? APIError(400, "invalid URL escape \(escape.goQuoted)")
        return nil
    }

    var isEmpty: Bool { values.isEmpty && refusal == nil }

    /// "" when there is none.
    subscript(name: String) -> String { values[name]?.first ?? "" }

    /// Nil when the parameter is absent.
    func value(_ name: String) -> String? { values[name]?.first }

    func all(_ name: String) -> [String] { values[name] ?? [] }

    /// Docker's own truth: false for "", `0`, `no`, `false`, `none`, whatever the case; true otherwise.
    func flag(_ name: String) -> Bool {
        let text = self[name].trimmed.lowercased()
        return !["", "0", "no", "false", "none"].contains(text)
    }

    /// A decimal number; nil when absent or "".
    ///
    /// - Throws: 400 in the words of Go's `strconv.Atoi`.
    func number(_ name: String) throws(APIError) -> Int? {
        let text = self[name]
        if text.isEmpty { return nil }
        guard let number = Int(text) else {
            throw APIError(400, "strconv.Atoi: parsing \(text.goQuoted): \(text.goIntegerRefusal)")
        }
        return number
    }
}

extension String {
    /// Without white space at either end.
    var trimmed: String {
        let start = unicodeScalars.firstIndex { !$0.properties.isWhitespace } ?? unicodeScalars.endIndex
        let end = unicodeScalars.lastIndex { !$0.properties.isWhitespace }
        return end.map { String(unicodeScalars[start...$0]) } ?? ""
    }

    /// Why Go's `strconv` doesn't take the text for a 64-bit integer.
    var goIntegerRefusal: String {
        let digits = utf8.first == UInt8(ascii: "-") || utf8.first == UInt8(ascii: "+") ? utf8.dropFirst() : utf8[...]
        let wellFormed = !digits.isEmpty && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return wellFormed ? "value out of range" : "invalid syntax"
    }
}
