extension IPAddress: CustomStringConvertible, LosslessStringConvertible {
    public init?(_ text: String) {
        guard let address = try? IPAddress.parse(text) else { return nil }
        self = address
    }

    /// Dotted decimal, or RFC 5952 text; an IPv4-mapped address ends in dotted decimal as in Go.
    public var description: String {
        if family == .ipv4 { return dotted(value) }
        if isV4Mapped { return "::ffff:" + dotted(value) }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: value >> UInt128(112 - 16 * $0)) }
        let zeros = longestZeroRun(groups)
        var text = ""
        var index = 0
        while index < 8 {
            if index == zeros.lowerBound, !zeros.isEmpty {
                text += "::"
                index = zeros.upperBound
            } else {
                if index > 0, index != zeros.upperBound || zeros.isEmpty { text += ":" }
                text += String(groups[index], radix: 16)
                index += 1
            }
        }
        return text
    }
}

private func dotted(_ value: UInt128) -> String {
    let number = UInt32(truncatingIfNeeded: value)
    return "\(number >> 24).\(number >> 16 & 0xFF).\(number >> 8 & 0xFF).\(number & 0xFF)"
}

/// The first of the longest runs of zero groups, if it has two at least (RFC 5952 section 4.2); else empty.
private func longestZeroRun(_ groups: [UInt16]) -> Range<Int> {
    var longest = 0..<0
    var start = 0
    for index in 0...groups.count where index == groups.count || groups[index] != 0 {
        if index - start > max(longest.count, 1) { longest = start..<index }
        start = index + 1
    }
    return longest
}
