/// Text that isn't JSON, or JSON that isn't what was asked for.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The refusal as Go's `encoding/json` words it.
    public let message: String

    public init(_ message: String) { self.message = message }

    /// The input held no value at all (Go's `io.EOF`).
    public static let endOfFile = JSONError("EOF")

    /// The input ended inside a value (Go's `io.ErrUnexpectedEOF`).
    public static let unexpectedEndOfFile = JSONError("unexpected EOF")

    public var description: String { message }

    /// Go's `invalid character 'x' in string literal`.
    static func invalid(_ byte: UInt8, _ place: String) -> JSONError {
        JSONError("invalid character \(quoted(byte)) \(place)")
    }

    /// The byte as a character of Latin-1 in single quotes, as the `quoteChar` of Go's scanner shows it.
    private static func quoted(_ byte: UInt8) -> String {
        let escape: String? =
            switch byte {
            case UInt8(ascii: "'"): "\\'"
            case UInt8(ascii: "\\"): "\\\\"
            case 0x07: "\\a"
            case 0x08: "\\b"
            case 0x09: "\\t"
            case 0x0A: "\\n"
            case 0x0B: "\\v"
            case 0x0C: "\\f"
            case 0x0D: "\\r"
            case 0..<0x20, 0x7F: "\\x" + hexadecimal(byte)
            // Neither printable for Go: C1 controls, no-break space and soft hyphen.
            case 0x80...0xA0, 0xAD: "\\u00" + hexadecimal(byte)
            default: nil
            }
        return "'" + (escape ?? String(Unicode.Scalar(byte))) + "'"
    }

    private static func hexadecimal(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
