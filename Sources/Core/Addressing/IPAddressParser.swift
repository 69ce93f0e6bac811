extension IPAddress {
    /// The address in the text, by the rules and with the refusals of Go's `netip.ParseAddr`, except that zones
    /// (`fe80::1%eth0`) are refused: nothing here can use one.
    public static func parse(_ text: String) throws(AddressError) -> IPAddress {
        let (address, zone) = try parseWithZone(text)
        if zone { throw refusal(text, "IPv6 zones cannot be present in an address") }
        return address
    }

    /// The address, and whether a zone followed it.
    static func parseWithZone(_ text: String) throws(AddressError) -> (address: IPAddress, zone: Bool) {
        let bytes = Array(text.utf8)
        switch bytes.first(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "%") }) {
        case UInt8(ascii: "."):
            return (IPAddress(family: .ipv4, value: UInt128(try parseIPv4(bytes[...], in: text))), false)
        case UInt8(ascii: ":"):
            let end = bytes.firstIndex(of: UInt8(ascii: "%")) ?? bytes.endIndex
            if end == bytes.count - 1 { throw refusal(text, "zone must be a non-empty string") }
            var parser = IPv6Parser(text: text, rest: bytes[..<end])
            return (IPAddress(family: .ipv6, value: try parser.parse()), end < bytes.endIndex)
        case UInt8(ascii: "%"): throw refusal(text, "missing IPv6 address")
        default: throw refusal(text, "unable to parse IP")
        }
    }

    fileprivate static func refusal(
        _ text: String, _ reason: String, at rest: ArraySlice<UInt8> = []
    ) -> AddressError {
        let place = rest.isEmpty ? "" : " (at \(String(decoding: rest, as: UTF8.self).goQuoted))"
        return AddressError("ParseAddr(\(text.goQuoted)): \(reason)\(place)")
    }

    /// Dotted decimal: exactly four fields, no leading zeros.
    fileprivate static func parseIPv4(_ bytes: ArraySlice<UInt8>, in text: String) throws(AddressError) -> UInt32 {
        var address: UInt32 = 0
        var field: UInt32 = 0
        var digits = 0
        var dots = 0
        for index in bytes.indices {
            let byte = bytes[index]
            if let digit = decimal(byte) {
                if digits == 1, field == 0 { throw refusal(text, "IPv4 field has octet with leading zero") }
                field = field * 10 + digit
                digits += 1
                if field > 255 { throw refusal(text, "IPv4 field has value >255") }
            } else if byte == UInt8(ascii: ".") {
                if digits == 0 || index == bytes.endIndex - 1 {
                    throw refusal(text, "IPv4 field must have at least one digit", at: bytes[index...])
                }
                if dots == 3 { throw refusal(text, "IPv4 address too long") }
                address = address << 8 | field
                dots += 1
                field = 0
                digits = 0
            } else {
                throw refusal(text, "unexpected character", at: bytes[index...])
            }
        }
        if dots < 3 { throw refusal(text, "IPv4 address too short") }
        return address << 8 | field
    }

    private static func decimal(_ byte: UInt8) -> UInt32? {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? UInt32(byte - UInt8(ascii: "0")) : nil
    }
}

/// IPv6 text (RFC 4291 section 2.2) without the zone. Fields go into `head` until a `::`, after it into `tail`.
private struct IPv6Parser {
    let text: String
    var rest: ArraySlice<UInt8>
    private var head: [UInt16] = []
    private var tail: [UInt16] = []
    private var hasEllipsis = false

    init(text: String, rest: ArraySlice<UInt8>) {
        self.text = text
        self.rest = rest
    }

    private static let colon = UInt8(ascii: ":")
    private var count: Int { head.count + tail.count }

    mutating func parse() throws(AddressError) -> UInt128 {
        if rest.starts(with: [Self.colon, Self.colon]) {
            hasEllipsis = true
            rest = rest.dropFirst(2)
            if rest.isEmpty { return 0 }
        }
        while count < 8, try parseField(), try parseSeparator() {}
        if !rest.isEmpty { throw refusal("trailing garbage after address") }
        if count == 8, hasEllipsis {
            throw IPAddress.refusal(text, "the :: must expand to at least one field of zeros")
        }
        if count < 8, !hasEllipsis { throw IPAddress.refusal(text, "address string too short") }
        let groups = head + Array(repeating: 0, count: 8 - count) + tail
        return groups.reduce(into: UInt128(0)) { $0 = $0 << 16 | UInt128($1) }
    }

    /// One hexadecimal field, or the dotted decimal that ends the address. False when nothing may follow.
    private mutating func parseField() throws(AddressError) -> Bool {
        let digits = rest.prefix { hexadecimalDigit($0) != nil }
        if digits.count > 4 { throw refusal("each group must have 4 or less digits") }
        if digits.isEmpty { throw refusal("each colon-separated field must have at least one digit") }
        if rest.dropFirst(digits.count).first == UInt8(ascii: ".") {
            if !hasEllipsis, count != 6 {
                throw refusal("embedded IPv4 address must replace the final 2 fields of the address")
            }
            if count > 6 { throw refusal("too many hex fields to fit an embedded IPv4 at the end of the address") }
            let embedded = try IPAddress.parseIPv4(rest, in: text)
            append(UInt16(embedded >> 16))
            append(UInt16(truncatingIfNeeded: embedded))
            rest = []
            return false
        }
        append(digits.reduce(into: UInt16(0)) { $0 = $0 << 4 | UInt16(hexadecimalDigit($1) ?? 0) })
        rest = rest.dropFirst(digits.count)
        return !rest.isEmpty
    }

    /// A colon, or two. False when the address may end here.
    private mutating func parseSeparator() throws(AddressError) -> Bool {
        if rest.first != Self.colon { throw refusal("unexpected character, want colon") }
        if rest.count == 1 { throw refusal("colon must be followed by more characters") }
        rest = rest.dropFirst()
        if rest.first == Self.colon {
            if hasEllipsis { throw refusal("multiple :: in address") }
            hasEllipsis = true
            rest = rest.dropFirst()
        }
        return !rest.isEmpty
    }

    private mutating func append(_ field: UInt16) {
        if hasEllipsis { tail.append(field) } else { head.append(field) }
    }

    private func refusal(_ reason: String) -> AddressError { IPAddress.refusal(text, reason, at: rest) }
}

/// The value of an ASCII hexadecimal digit of either case.
func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
