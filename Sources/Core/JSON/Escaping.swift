extension [UInt8] {
    /// The text as the inside of a JSON string. Escaped are the quote, the backslash, control characters, and U+2028 and
    /// U+2029, which JavaScript takes for line ends.
    mutating func appendEscaped(_ text: String) {
        var text = text
        text.withUTF8 { source in
            var start = 0
            for index in source.indices where Self.mayNeedEscape(source[index]) {
                guard let escape = Self.escape(in: source, at: index) else { continue }
                append(contentsOf: source[start..<index])
                append(contentsOf: escape.text.utf8)
                start = index + escape.length
            }
            append(contentsOf: source[start...])
        }
    }

    private static func mayNeedEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0xE2
    }

    /// What to write for the character at the index, and how many bytes it has.
    private static func escape(
        in source: UnsafeBufferPointer<UInt8>, at index: Int
    ) -> (text: String, length: Int)? {
        switch source[index] {
        case UInt8(ascii: "\""): return ("\\\"", 1)
        case UInt8(ascii: "\\"): return ("\\\\", 1)
        case 0x08: return ("\\b", 1)
        case 0x0C: return ("\\f", 1)
        case 0x0A: return ("\\n", 1)
        case 0x0D: return ("\\r", 1)
        case 0x09: return ("\\t", 1)
        case let byte where byte < 0x20:
            return ("\\u00" + (byte < 0x10 ? "0" : "1") + String(byte & 0xF, radix: 16), 1)
        default:
            // U+2028 and U+2029 are E2 80 A8 and E2 80 A9.
            guard index + 2 < source.count, source[index + 1] == 0x80 else { return nil }
            switch source[index + 2] {
            case 0xA8: return ("\\u2028", 3)
            case 0xA9: return ("\\u2029", 3)
            default: return nil
            }
        }
    }
}
