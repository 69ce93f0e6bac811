/// A JSON parser that fails where, and with the words, Go's scanner does. Nesting is kept on a stack of its own, so that
/// input can't exhaust the thread's.
struct Parser {
    let bytes: [UInt8]
    var offset = 0
    /// Whether the value is all of the text (`Unmarshal`) or the first in a stream (`Decoder`): they differ in what they
    /// say about a premature end.
    let isWholeText: Bool
    private var open: [Container] = []
    private var values = 0

    /// An array or object whose end hasn't been reached.
    private struct Container {
        let isObject: Bool
        var key = ""
        var elements: [JSONValue] = []
        var members: [JSONObject.Member] = []

        mutating func append(_ value: JSONValue) {
            if isObject { members.append(.init(key, value)) } else { elements.append(value) }
        }

        var value: JSONValue { isObject ? .object(JSONObject(members)) : .array(elements) }
    }

    init(_ bytes: [UInt8], isWholeText: Bool) {
        self.bytes = bytes
        self.isWholeText = isWholeText
    }

    var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    mutating func skipSpace() {
        while offset < bytes.count, Self.isSpace(bytes[offset]) { offset += 1 }
    }

    /// The value at the offset; the offset is moved behind it.
    mutating func parse() throws(JSONError) -> JSONValue {
        while true {
            guard var value = try parseScalarOrOpen() else { continue }
            // A value is complete: so may be the containers around it.
            while true {
                guard !open.isEmpty else { return value }
                if open.count <= JSON.retainedDepth { open[open.count - 1].append(value) }
                guard let closed = try parseContinuation() else { break }
                value = closed
            }
        }
    }

    /// A literal or an empty container; nil where a container begins that isn't empty.
    private mutating func parseScalarOrOpen() throws(JSONError) -> JSONValue? {
        let byte = try nextByte()
        values += 1
        if values > JSON.maximumValues { throw JSONError("exceeded max number of values") }
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let isObject = byte == UInt8(ascii: "{")
            if open.count == JSON.maximumDepth { throw refusal(of: byte, "exceeded max depth") }
            open.append(Container(isObject: isObject))
            skipSpace()
            if peek == UInt8(ascii: isObject ? "}" : "]") {
                offset += 1
                return open.removeLast().value
            }
            if isObject { try parseKey() }
            return nil
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try parseNumber(from: byte))
        case UInt8(ascii: "t"):
            try parseLiteral("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try parseLiteral("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try parseLiteral("null")
            return .null
        default: throw refusal(of: byte, "looking for beginning of value")
        }
    }

    /// What follows a value: a comma (nil), or the end of the container, which is returned.
    private mutating func parseContinuation() throws(JSONError) -> JSONValue? {
        let isObject = open[open.count - 1].isObject
        let byte = try nextByte()
        switch byte {
        case UInt8(ascii: ","):
            if isObject { try parseKey() }
            return nil
        case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject:
            return open.removeLast().value
        default: throw refusal(of: byte, isObject ? "after object key:value pair" : "after array element")
        }
    }

    /// A key and its colon.
    private mutating func parseKey() throws(JSONError) {
        let quote = try nextByte()
        guard quote == UInt8(ascii: "\"") else {
            throw refusal(of: quote, "looking for beginning of object key string")
        }
        open[open.count - 1].key = try parseString()
        let colon = try nextByte()
        guard colon == UInt8(ascii: ":") else { throw refusal(of: colon, "after object key") }
    }

    /// The refusal of a byte just consumed; the offset is where it stands.
    mutating func refusal(of byte: UInt8, _ place: String) -> JSONError {
        offset -= 1
        return .invalid(byte, place)
    }

    /// The next byte that isn't space, consumed.
    private mutating func nextByte() throws(JSONError) -> UInt8 {
        skipSpace()
        guard let byte = peek else { throw endOfInput() }
        offset += 1
        return byte
    }

    /// The refusal of input that ends here, where space would be fine or, if `place` is given, isn't.
    func endOfInput(_ place: String? = nil) -> JSONError {
        if isWholeText {
            // Go's scanner pretends that a space follows, and complains about that.
            return place.map { .invalid(0x20, $0) } ?? JSONError("unexpected end of JSON input")
        }
        return bytes.allSatisfy(Self.isSpace) ? .endOfFile : .unexpectedEndOfFile
    }
}
