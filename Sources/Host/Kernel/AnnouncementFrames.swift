import Addressing

/// The Ethernet frames that say which MAC an address is at.
enum NeighbourFrame {
    /// An ARP announcement: a request whose sender and target are both the address (RFC 5227 section 2.3).
    static func announcement(of address: IPAddress, at mac: MACAddress) -> [UInt8] {
        let protocolAddress = address.bytes
        var frame = [UInt8](repeating: 0xFF, count: 6) + mac.octets + [0x08, 0x06]
        // Ethernet, IPv4, 6 and 4 octets, operation 1 (RFC 826).
        frame += [0, 1, 0x08, 0x00, 6, 4, 0, 1]
        frame += mac.octets + protocolAddress
        frame += [0, 0, 0, 0, 0, 0] + protocolAddress
        return frame
    }

    /// An unsolicited neighbour advertisement to all nodes with the override flag (RFC 4861 section 7.2.6).
    static func advertisement(of address: IPAddress, at mac: MACAddress) -> [UInt8] {
        let allNodes: [UInt8] = [0xFF, 0x02] + [UInt8](repeating: 0, count: 13) + [1]
        // Type 136, code 0, checksum to come, override; the target; option 2, target link-layer address, 1 × 8 octets.
        var message: [UInt8] = [136, 0, 0, 0, 0x20, 0, 0, 0] + address.bytes + [2, 1] + mac.octets
        let pseudoHeader = address.bytes + allNodes + [0, 0, 0, UInt8(message.count), 0, 0, 0, 58]
        let sum = checksum(pseudoHeader + message)
        message[2] = UInt8(sum >> 8)
        message[3] = UInt8(sum & 0xFF)

        var frame: [UInt8] = [0x33, 0x33, 0, 0, 0, 1] + mac.octets + [0x86, 0xDD]
        // Version 6, payload length, next header ICMPv6, hop limit 255: lower ones are ignored (section 7.1.2).
        frame += [0x60, 0, 0, 0, 0, UInt8(message.count), 58, 255]
        return frame + address.bytes + allNodes + message
    }

    /// The Internet checksum (RFC 1071) of an even number of octets.
    private static func checksum(_ octets: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: octets.count - 1, by: 2) {
            sum += UInt32(octets[index]) << 8 | UInt32(octets[index + 1])
        }
        while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
        return ~UInt16(sum)
    }
}
