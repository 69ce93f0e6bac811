/// Reading JSON text by the rules of Go's `encoding/json`, refusals included.
public enum JSON {
    /// Containers inside each other, at most; one more is refused, as in Go.
    public static let maximumDepth = 10_000

    /// Deeper than this the text is checked, but its values are dropped: a container there is empty. Nothing we read
    /// nests so deep, and a value nested ten thousand times could overflow a thread's stack when it is released.
    public static let retainedDepth = 128

    /// Values in one text, at most; ours, not Go's: 16 MiB of `[0],` would be half a GiB in memory.
    public static let maximumValues = 1 << 20

    /// The one value the text consists of (Go's `json.Unmarshal`).
    /// - Throws: Go's refusal, for instance `unexpected end of JSON input` or
    ///   `invalid character 'x' after top-level value`.
    public static func parse(_ bytes: some Collection<UInt8>) throws(JSONError) -> JSONValue {
        var parser = Parser(Array(bytes), isWholeText: true)
        let value = try parser.parse()
        parser.skipSpace()
        if let byte = parser.peek { throw .invalid(byte, "after top-level value") }
        return value
    }

    /// The one value the text consists of.
    public static func parse(_ text: String) throws(JSONError) -> JSONValue { try parse(Array(text.utf8)) }

    /// Where in a text that `parse` refuses the refusal is: line and column, from 1, in bytes; nil for a text it takes.
    public static func refusalPlace(in bytes: [UInt8]) -> (line: Int, column: Int)? {
        var parser = Parser(bytes, isWholeText: true)
        do {
            _ = try parser.parse()
            parser.skipSpace()
            if parser.peek == nil { return nil }
        } catch {}
        let before = bytes[..<parser.offset]
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return (before.count { $0 == UInt8(ascii: "\n") } + 1, parser.offset - lineStart + 1)
    }

    /// The first value in the input, and the offset just after it (Go's `Decoder.Decode`).
    /// - Throws: Go's refusal; `JSONError.endOfFile` where there is nothing but space, `.unexpectedEndOfFile` where the
    ///   input ends inside the value.
    public static func parseFirst(_ bytes: [UInt8]) throws(JSONError) -> (value: JSONValue, end: Int) {
        var parser = Parser(bytes, isWholeText: false)
        let value = try parser.parse()
        return (value, parser.offset)
    }

    /// Whether something follows at the offset (Go's `Decoder.More`): space doesn't count, and neither does what
    /// comes after a stray `}` or `]`.
    public static func hasMore(_ bytes: [UInt8], from offset: Int) -> Bool {
        guard let next = bytes[min(offset, bytes.count)...].first(where: { !Parser.isSpace($0) }) else { return false }
        return next != UInt8(ascii: "}") && next != UInt8(ascii: "]")
    }
}
