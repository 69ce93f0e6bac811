extension Parser {
    /// The bytes as text; each byte that isn't part of well-formed UTF-8 becomes a U+FFFD of its own, as Go has it
    /// (Swift replaces a truncated sequence as a whole).
    static func text(_ bytes: ArraySlice<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var scalars = String.UnicodeScalarView()
        var rest = bytes
        while !rest.isEmpty {
            let length = sequenceLength(rest)
            if length > 0, let text = String(validating: rest.prefix(length), as: UTF8.self) {
                scalars.append(contentsOf: text.unicodeScalars)
                rest = rest.dropFirst(length)
            } else {
                scalars.append("\u{FFFD}")
                rest = rest.dropFirst()
            }
        }
        return String(scalars)
    }

    /// How many bytes the sequence has that the first byte announces; 0 if none begins with it.
    private static func sequenceLength(_ bytes: ArraySlice<UInt8>) -> Int {
        switch bytes.first {
        case .some(0..<0x80): 1
        case .some(0xC2...0xDF): 2
        case .some(0xE0...0xEF): 3
        case .some(0xF0...0xF4): 4
        default: 0
        }
    }
}
