/// Literals: numbers, `true`, `false`, `null`, and strings. Each is entered with its first byte consumed.
extension Parser {
    mutating func parseLiteral(_ literal: StaticString) throws(JSONError) {
        for index in 1..<literal.utf8CodeUnitCount {
            let expected = literal.utf8Start[index]
            if peek != expected {
                let place = "in literal \(literal) (expecting '\(Unicode.Scalar(expected))')"
                throw peek.map { .invalid($0, place) } ?? endOfInput(place)
            }
            offset += 1
        }
    }

    mutating func parseNumber(from first: UInt8) throws(JSONError) -> String {
        let start = offset - 1
        var leading = first
        if leading == UInt8(ascii: "-") { leading = try requireDigit("in numeric literal") }
        if leading != UInt8(ascii: "0") { skipDigits() }
        if peek == UInt8(ascii: ".") {
            offset += 1
            _ = try requireDigit("after decimal point in numeric literal")
            skipDigits()
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            offset += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { offset += 1 }
            _ = try requireDigit("in exponent of numeric literal")
            skipDigits()
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func requireDigit(_ place: String) throws(JSONError) -> UInt8 {
        guard let byte = peek else { throw endOfInput(place) }
        guard Self.isDigit(byte) else { throw .invalid(byte, place) }
        offset += 1
        return byte
    }

    private mutating func skipDigits() {
        while let byte = peek, Self.isDigit(byte) { offset += 1 }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    /// The text up to the closing quote. Bytes that aren't UTF-8 become U+FFFD, one each, as in Go.
    mutating func parseString() throws(JSONError) -> String {
        let start = offset
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == UInt8(ascii: "\"") {
                offset += 1
                return Self.text(bytes[start..<(offset - 1)])
            }
            if byte == UInt8(ascii: "\\") { return try parseEscapedString(from: start) }
            if byte < 0x20 { throw .invalid(byte, "in string literal") }
            offset += 1
        }
        throw endOfInput()
    }

    /// The rest of a string that has an escape at the offset.
    private mutating func parseEscapedString(from start: Int) throws(JSONError) -> String {
        var text = Array(bytes[start..<offset])
        while let byte = peek {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return Self.text(text[...])
            case UInt8(ascii: "\\"): try parseEscape(into: &text)
            case 0..<0x20: throw refusal(of: byte, "in string literal")
            default: text.append(byte)
            }
        }
        throw endOfInput()
    }

    private mutating func parseEscape(into text: inout [UInt8]) throws(JSONError) {
        let place = "in string escape code"
        guard let byte = peek else { throw endOfInput(place) }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: Character(try parseScalar()).utf8)
        default: throw refusal(of: byte, place)
        }
    }

    /// The scalar of a `\u` escape, or of two that form a surrogate pair; U+FFFD for half a pair.
    private mutating func parseScalar() throws(JSONError) -> Unicode.Scalar {
        let unit = try parseHexadecimal()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        let afterFirst = offset
        if UTF16.isLeadSurrogate(unit), bytes[offset...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
            offset += 2
            let second = try parseHexadecimal()
            if UTF16.isTrailSurrogate(second) {
                let pair = (UInt32(unit) - 0xD800) << 10 + (UInt32(second) - 0xDC00) + 0x10000
                return Unicode.Scalar(pair) ?? "\u{FFFD}"
            }
            offset = afterFirst
        }
        return "\u{FFFD}"
    }

    private mutating func parseHexadecimal() throws(JSONError) -> UInt16 {
        let place = "in \\u hexadecimal character escape"
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek else { throw endOfInput(place) }
            guard let digit = Self.hexadecimalDigit(byte) else { throw .invalid(byte, place) }
            unit = unit << 4 | digit
            offset += 1
        }
        return unit
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}
