/// An address with a prefix length, `10.0.0.5/8`. Bits beyond the length are kept; `masked` is the network.
public struct IPPrefix: Hashable, Sendable {
    public let address: IPAddress
    /// 0 to 32 or 128.
    public let length: Int

    /// Nil when the length doesn't fit the family.
    public init?(address: IPAddress, length: Int) {
        guard (0...address.family.bits).contains(length) else { return nil }
        self.init(unchecked: address, length: length)
    }

    /// The prefix that is this one address: /32 or /128.
    public init(host address: IPAddress) { self.init(unchecked: address, length: address.family.bits) }

    init(unchecked address: IPAddress, length: Int) {
        self.address = address
        self.length = length
    }

    public var family: AddressFamily { address.family }

    /// The same prefix without host bits.
    public var masked: IPPrefix { IPPrefix(unchecked: first, length: length) }

    /// The lowest address inside.
    public var first: IPAddress { IPAddress(family: family, value: address.value & ~hostBits) }

    /// The highest address inside.
    public var last: IPAddress { IPAddress(family: family, value: address.value | hostBits) }

    /// The netmask, such as 255.0.0.0.
    public var networkMask: IPAddress { IPAddress(family: family, value: ~hostBits) }

    /// How many addresses are inside; `UInt128.max` for `::/0`, which has one more.
    public var size: UInt128 { hostBits == .max ? .max : hostBits + 1 }

    /// Whether the address is inside.
    public func contains(_ other: IPAddress) -> Bool {
        other.family == family && (other.value ^ address.value) & ~hostBits == 0
    }

    /// Whether all of the other prefix is inside.
    public func contains(_ other: IPPrefix) -> Bool { other.length >= length && contains(other.address) }

    /// Whether any address is inside both.
    public func overlaps(_ other: IPPrefix) -> Bool { contains(other.address) || other.contains(address) }

    private var hostBits: UInt128 {
        let width = family.bits - length
        return width == 128 ? .max : (1 << UInt128(width)) - 1
    }
}

extension IPPrefix: Comparable {
    /// By address (family first), then the shorter prefix first.
    public static func < (left: IPPrefix, right: IPPrefix) -> Bool {
        left.address == right.address ? left.length < right.length : left.address < right.address
    }
}

extension IPPrefix: CustomStringConvertible, LosslessStringConvertible {
    public init?(_ text: String) {
        guard let prefix = try? IPPrefix.parse(text) else { return nil }
        self = prefix
    }

    /// `10.0.0.0/8`
    public var description: String { "\(address)/\(length)" }

    /// The prefix in the text, by the rules and with the refusals of Go's `netip.ParsePrefix`.
    public static func parse(_ text: String) throws(AddressError) -> IPPrefix {
        func refusal(_ reason: String) -> AddressError {
            AddressError("netip.ParsePrefix(\(text.goQuoted)): \(reason)")
        }
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { throw refusal("no '/'") }
        let address: IPAddress
        let zone: Bool
        do {
            (address, zone) = try IPAddress.parseWithZone(String(text[..<slash]))
        } catch {
            throw refusal(error.message)
        }
        if zone { throw refusal("IPv6 zones cannot be present in a prefix") }
        let digits = String(text[text.utf8.index(after: slash)...])
        guard let length = decimalLength(digits) else { throw refusal("bad bits after slash: \(digits.goQuoted)") }
        guard let prefix = IPPrefix(address: address, length: length) else {
            throw refusal("prefix length out of range")
        }
        return prefix
    }
}

/// A plain decimal number: no sign, no leading zero.
private func decimalLength(_ digits: String) -> Int? {
    guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
    if digits.utf8.count > 1, digits.utf8.first == UInt8(ascii: "0") { return nil }
    return Int(digits)
}
