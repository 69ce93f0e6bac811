/// The two address families. Everything that depends on the family takes it as a parameter.
public enum AddressFamily: UInt8, Sendable, Hashable, CaseIterable, Comparable {
    case ipv4 = 4
    case ipv6 = 6

    /// Bits in an address: 32 or 128.
    public var bits: Int { self == .ipv4 ? 32 : 128 }

    /// The highest address of the family: all bits set.
    var maximum: UInt128 { self == .ipv4 ? UInt128(UInt32.max) : .max }

    /// IPv4 sorts before IPv6.
    public static func < (left: AddressFamily, right: AddressFamily) -> Bool { left.rawValue < right.rawValue }
}
