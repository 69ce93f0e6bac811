extension IPPrefix {
    /// `0.0.0.0/0` or `::/0`: every address of a family, a default route's destination.
    public static func everything(_ family: AddressFamily) -> IPPrefix {
        IPPrefix(unchecked: IPAddress(family: family, value: 0), length: 0)
    }

    /// `169.254.0.0/16` (RFC 3927 §2.1) or `fe80::/64` (RFC 4291 §2.5.6).
    public static func linkLocal(_ family: AddressFamily) -> IPPrefix {
        switch family {
        case .ipv4: IPPrefix(unchecked: IPAddress(family: .ipv4, value: 0xA9FE_0000), length: 16)
        case .ipv6: IPPrefix(unchecked: IPAddress(family: .ipv6, value: UInt128(0xFE80) << 112), length: 64)
        }
    }

    /// The same on-link prefix length for one of its addresses.
    public func with(_ host: IPAddress) -> IPPrefix {
        IPPrefix(unchecked: host, length: host.family == family ? length : host.family.bits)
    }
}
