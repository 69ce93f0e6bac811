/// An IPv4 or IPv6 address without a zone.
public struct IPAddress: Hashable, Comparable, Sendable {
    public let family: AddressFamily
    /// The address as a number; an IPv4 address is in the low 32 bits.
    public let value: UInt128

    /// Bits of `value` beyond the family's width are dropped.
    public init(family: AddressFamily, value: UInt128) {
        self.family = family
        self.value = value & family.maximum
    }

    /// Four or sixteen bytes in network order; nil for any other count.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.init(
            family: bytes.count == 4 ? .ipv4 : .ipv6,
            value: bytes.reduce(into: UInt128(0)) { $0 = $0 << 8 | UInt128($1) })
    }

    /// Sixteen bytes as the store keeps them (`sixteenBytes`): an IPv4-mapped address becomes IPv4.
    public init?(sixteenBytes bytes: [UInt8]) {
        guard bytes.count == 16, let address = IPAddress(bytes: bytes) else { return nil }
        self = address.unmapped
    }

    /// The address in network order: four or sixteen bytes.
    public var bytes: [UInt8] { Self.bytes(value, count: family.bits / 8) }

    /// Sixteen bytes in network order, IPv4 as `::ffff:a.b.c.d`, so that addresses of one family compare as BLOBs do.
    public var sixteenBytes: [UInt8] { Self.bytes(family == .ipv4 ? value | Self.mapped : value, count: 16) }

    /// `::`, `0.0.0.0`: no address in particular.
    public var isUnspecified: Bool { value == 0 }

    /// 127.0.0.0/8 (RFC 1122 section 3.2.1.3) or `::1`; of an IPv4-mapped address, what the IPv4 address is, as in Go.
    public var isLoopback: Bool {
        let address = unmapped
        return address.family == .ipv4 ? address.value >> 24 == 127 : address.value == 1
    }

    /// 224.0.0.0/4 (RFC 1112) or ff00::/8 (RFC 4291 section 2.4).
    public var isMulticast: Bool {
        let address = unmapped
        return address.family == .ipv4 ? address.value >> 28 == 0xE : address.value >> 120 == 0xFF
    }

    /// 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291 section 2.4).
    public var isLinkLocalUnicast: Bool {
        let address = unmapped
        return address.family == .ipv4 ? address.value >> 16 == 0xA9FE : address.value >> 118 == 0xFE80 >> 6
    }

    /// An IPv6 address in ::ffff:0:0/96 (RFC 4291 section 2.5.5.2).
    public var isV4Mapped: Bool { family == .ipv6 && value >> 32 == 0xFFFF }

    /// The IPv4 address inside an IPv4-mapped one; any other address as it is.
    public var unmapped: IPAddress { isV4Mapped ? IPAddress(family: .ipv4, value: value) : self }

    /// The address so many further on; nil beyond the family's last.
    public static func + (address: IPAddress, offset: UInt128) -> IPAddress? {
        let (sum, overflow) = address.value.addingReportingOverflow(offset)
        guard !overflow, sum <= address.family.maximum else { return nil }
        return IPAddress(family: address.family, value: sum)
    }

    /// The address so many before; nil below zero.
    public static func - (address: IPAddress, offset: UInt128) -> IPAddress? {
        guard address.value >= offset else { return nil }
        return IPAddress(family: address.family, value: address.value - offset)
    }

    /// By family, then by number.
    public static func < (left: IPAddress, right: IPAddress) -> Bool {
        left.family == right.family ? left.value < right.value : left.family < right.family
    }

    private static let mapped = UInt128(0xFFFF) << 32

    private static func bytes(_ value: UInt128, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt128(8 * (count - 1 - $0))) }
    }
}
