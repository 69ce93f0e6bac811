import Glibc
import Testing

@testable import Kernel
@testable import NFTables
@testable import Netlink

/// Messages that no kernel sends: what the fuzzers found, and their kin. None may end the process.
@Suite struct HostileBytesTests {
    private func message(_ header: [UInt8], _ attributes: [(type: UInt16, value: [UInt8])] = []) -> [UInt8] {
        var bytes = header
        for (type, value) in attributes {
            bytes += UInt16(4 + value.count).octets + type.octets + value
            while bytes.count % 4 != 0 { bytes.append(0) }
        }
        return bytes
    }

    @Test func numbersWithTheirHighestBitSet() {
        // rtmsg: AF_INET, prefix of 8, main table, unicast, all flags but RTM_F_CLONED; RTA_DST and RTA_OIF.
        let flags: UInt32 = 0xFFFF_FDFF
        let route = message(
            [2, 8, 0, 0, 254, 4, 0, 1] + flags.octets, [(1, [10, 0, 0, 0]), (4, [0xFF, 0xFF, 0xFF, 0xFF])])
        #expect(route.withUnsafeBytes { Route($0)?.link } == -1)
        // ifaddrmsg: AF_INET, prefix of 8, index; IFA_LOCAL.
        let address = message([2, 8, 0, 0] + UInt32(0x8000_0000).octets, [(2, [10, 0, 0, 1])])
        #expect(address.withUnsafeBytes { LinkAddress($0)?.link } == .min)
        // A code whose contrary is no number.
        let refusal =
            UInt32(36).octets + UInt16(2).octets + [UInt8](repeating: 0, count: 10) + Int32.min.octets
            + [UInt8](repeating: 0, count: 16)
        var answers: [Acknowledgement] = []
        refusal.withUnsafeBytes { bytes in
            NetlinkSocket.forEachMessage(in: bytes) { answers.append(Acknowledgement($0, $1)) }
        }
        #expect(answers.map(\.isSuccess) == [false])
    }

    @Test func aControlMessageLongerThanAllThereIs() {
        let control = Int.max.octets + Int32(270).octets + Int32(8).octets + Int32(5).octets + Int32(0).octets
        #expect(control.withUnsafeBytes { MonitorSocket.namespace($0) } == nil)
        let whole = 20.octets + Int32(270).octets + Int32(8).octets + Int32(5).octets + Int32(0).octets
        #expect(whole.withUnsafeBytes { MonitorSocket.namespace($0) } == 5)
    }

    @Test func attributesShorterThanTheirKind() {
        // nlmsghdr of 44 bytes, NLMSG_ERROR; errno; the refused header; NLMSGERR_ATTR_OFFS (2) with two bytes of four.
        let header = UInt32(44).octets + UInt16(2).octets + [UInt8](repeating: 0, count: 10)
        let short = message(header + Int32(-2).octets + [UInt8](repeating: 0, count: 16), [(2, [1, 0])])
        #expect(refusals(short).map(\.offset) == [0])
        let whole = message(header + Int32(-2).octets + [UInt8](repeating: 0, count: 16), [(2, [20, 0, 0, 0])])
        #expect(refusals(whole).map(\.offset) == [20] && refusals(whole).map(\.errno) == [2])
    }

    private func refusals(_ bytes: [UInt8]) -> [Refusal] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: bytes)
        var found: [Refusal] = []
        NetfilterFrames.forEach(in: UnsafeRawBufferPointer(buffer)) { found.append(Refusal($0)) }
        return found
    }
}
