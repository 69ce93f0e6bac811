/// A 48-bit Ethernet address.
public struct MACAddress: Hashable, Sendable {
    private let value: UInt64

    private init(value: UInt64) { self.value = value }

    /// Six octets, in the order they are written and sent; nil for any other count.
    public init?(octets: [UInt8]) {
        guard octets.count == 6 else { return nil }
        value = octets.reduce(into: 0) { $0 = $0 << 8 | UInt64($1) }
    }

    public var octets: [UInt8] { (0..<6).map { UInt8(truncatingIfNeeded: value >> UInt64(40 - 8 * $0)) } }

    /// The group bit (IEEE 802): not the address of one station, so no link may have it.
    public var isMulticast: Bool { value >> 40 & 1 == 1 }

    /// The local bit (IEEE 802): not from a manufacturer's range.
    public var isLocallyAdministered: Bool { value >> 41 & 1 == 1 }

    /// A locally administered unicast address.
    public static func random(using generator: inout some RandomNumberGenerator) -> MACAddress {
        let random: UInt64 = generator.next() & 0xFFFF_FFFF_FFFF
        return MACAddress(value: random & ~(1 << 40) | 1 << 41)
    }
}

extension MACAddress: Comparable {
    public static func < (left: MACAddress, right: MACAddress) -> Bool { left.value < right.value }
}

extension MACAddress: CustomStringConvertible, LosslessStringConvertible {
    public init?(_ text: String) {
        guard let address = try? MACAddress.parse(text) else { return nil }
        self = address
    }

    /// `02:42:ac:11:00:02`
    public var description: String {
        String(unsafeUninitializedCapacity: 17) { text in
            for index in text.indices.prefix(17) {
                let nibble = UInt8(truncatingIfNeeded: value >> UInt64(44 - 4 * (index - index / 3))) & 0xF
                let digit = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
                text[index] = index % 3 == 2 ? UInt8(ascii: ":") : digit
            }
            return 17
        }
    }

    /// The address in the text, by the grammar of Go's `net.ParseMAC`: `02:42:ac:11:00:02`, `02-42-ac-11-00-02` or
    /// `0242.ac11.0002`, either case. The 64-bit and InfiniBand forms that Go knows are refused.
    public static func parse(_ text: String) throws(AddressError) -> MACAddress {
        let bytes = Array(text.utf8)
        let groups: (length: Int, separator: UInt8)? =
            switch bytes.count {
            case 17 where bytes[2] == UInt8(ascii: ":") || bytes[2] == UInt8(ascii: "-"): (2, bytes[2])
            case 14 where bytes[4] == UInt8(ascii: "."): (4, bytes[4])
            default: nil
            }
        var value: UInt64 = 0
        var valid = groups != nil
        if let groups {
            for (index, byte) in bytes.enumerated() {
                if index % (groups.length + 1) == groups.length {
                    valid = valid && byte == groups.separator
                } else if let digit = hexadecimalDigit(byte) {
                    value = value << 4 | UInt64(digit)
                } else {
                    valid = false
                }
            }
        }
        guard valid else {
            throw AddressError((text.isEmpty ? "" : "address \(text): ") + "invalid MAC address")
        }
        return MACAddress(value: value)
    }
}
