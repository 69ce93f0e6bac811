/// A `Content-Type` taken apart as Go's `mime.ParseMediaType` does: only as far as Docker's checks need it.
enum MediaType {
    /// The type in lower case, parameters left out.
    ///
    /// - Throws: Go's refusal, `mime: no media type`.
    static func parse(_ header: String) throws(MediaTypeError) -> String {
        let base = header.prefix { $0 != ";" }
        let type = String(base).trimmed.lowercased()
        try check(type)
        var rest = header[base.endIndex...]
        while !rest.isEmpty {
            rest = rest.drop { $0.isWhitespace }
            if rest.isEmpty { break }
            guard let next = parameter(rest) else {
                // A semicolon may end the header.
                if String(rest).trimmed == ";" { break }
                throw MediaTypeError(message: "mime: invalid media parameter")
            }
            rest = next
        }
        return type
    }

    private static func check(_ type: String) throws(MediaTypeError) {
        var rest = type[...].utf8
        guard takeToken(&rest) else { throw MediaTypeError(message: "mime: no media type") }
        if rest.isEmpty { return }
        guard rest.first == UInt8(ascii: "/") else {
            throw MediaTypeError(message: "mime: expected slash after first token")
        }
        rest.removeFirst()
        guard takeToken(&rest) else { throw MediaTypeError(message: "mime: expected token after slash") }
        if !rest.isEmpty { throw MediaTypeError(message: "mime: unexpected content after media subtype") }
    }

    /// What follows `; name=value`; nil when the text doesn't begin with such a parameter.
    private static func parameter(_ text: Substring) -> Substring? {
        guard text.first == ";" else { return nil }
        var rest = text.dropFirst().drop { $0.isWhitespace }.utf8
        guard takeToken(&rest) else { return nil }
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
        guard rest.first == UInt8(ascii: "=") else { return nil }
        rest.removeFirst()
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
        guard rest.first == UInt8(ascii: "\"") ? takeQuoted(&rest) : takeToken(&rest) else { return nil }
        return Substring(rest)
    }

    private static func takeToken(_ text: inout Substring.UTF8View) -> Bool {
        let rest = text.drop(while: isToken)
        defer { text = rest }
        return rest.startIndex != text.startIndex
    }

    private static func takeQuoted(_ text: inout Substring.UTF8View) -> Bool {
        text.removeFirst()
        while let byte = text.popFirst() {
            if byte == UInt8(ascii: "\"") { return true }
            if byte == UInt8(ascii: "\\") { _ = text.popFirst() }
        }
        return false
    }

    /// RFC 9110 section 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && !"()<>@,;:\\\"/[]?=".utf8.contains(byte)
    }
}

/// Why a text is no media type.
struct MediaTypeError: Error {
    let message: String
}
