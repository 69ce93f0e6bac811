/// Writes JSON into bytes as Go's `encoding/json` does with `SetEscapeHTML(false)`: members in the order written, map
/// keys sorted by bytes. Commas come by themselves.
public struct JSONWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    /// - Parameter capacity: Bytes to make room for.
    public init(capacity: Int = 512) { bytes.reserveCapacity(capacity) }

    // MARK: Values: the document itself, an element of an array, or what follows `key`.

    public mutating func null() {
        separate()
        append("null")
    }

    /// A string, or null.
    public mutating func value(_ text: String?) {
        guard let text else { return null() }
        separate()
        appendQuoted(text)
    }

    public mutating func value(_ truth: Bool?) {
        guard let truth else { return null() }
        separate()
        append(truth ? "true" : "false")
    }

    public mutating func value(_ number: (some BinaryInteger)?) {
        guard let number else { return null() }
        separate()
        appendDecimal(number)
    }

    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let truth): self.value(truth)
        case .number(let literal): raw(literal.utf8)
        case .string(let text): self.value(text)
        case .array(let elements): array { for element in elements { $0.value(element) } }
        case .object(let object):
            self.object {
                for member in object.members {
                    $0.key(member.key)
                    $0.value(member.value)
                }
            }
        }
    }

    /// JSON that has been written already.
    public mutating func raw(_ json: some Collection<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// An object: `body` writes its members.
    public mutating func object<Failure>(
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        separate()
        bytes.append(UInt8(ascii: "{"))
        try body(&self)
        bytes.append(UInt8(ascii: "}"))
    }

    /// An array: `body` writes its elements.
    public mutating func array<Failure>(
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        separate()
        bytes.append(UInt8(ascii: "["))
        try body(&self)
        bytes.append(UInt8(ascii: "]"))
    }

    /// A line feed, which ends a document in a stream.
    public mutating func endLine() { bytes.append(0x0A) }

    // MARK: Keys: one value must follow.

    /// A key known when this is compiled; it must not need escaping.
    public mutating func key(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        append(name)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    /// Any key.
    @_disfavoredOverload
    public mutating func key(_ name: String) {
        separate()
        appendQuoted(name)
        bytes.append(UInt8(ascii: ":"))
    }

    // MARK: Bytes

    /// A comma, unless this is the first thing in its container, a member's value, or the start of a document. A complete
    /// value never ends in any of these bytes.
    private mutating func separate() {
        switch bytes.last {
        case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"), 0x0A: break
        default: bytes.append(UInt8(ascii: ","))
        }
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func appendDecimal(_ number: some BinaryInteger) {
        if let small = Int(exactly: number), (0...9).contains(small) {
            bytes.append(UInt8(ascii: "0") + UInt8(small))
        } else {
            bytes.append(contentsOf: String(number).utf8)
        }
    }

    private mutating func appendQuoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        bytes.appendEscaped(text)
        bytes.append(UInt8(ascii: "\""))
    }
}
