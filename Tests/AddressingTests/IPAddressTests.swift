import Addressing
import Testing
import TestKit

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("192.168.140.255", "192.168.140.255"),
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("fd7a:115c:a1e0:ab12:4843:cd96:626b:430b", nil),
        ("fd7a:115c::626b:430b", nil), ("fd7a:115c:a1e0:ab12:4843:cd96::", "fd7a:115c:a1e0:ab12:4843:cd96::"),
        ("::ffff:192.168.140.255", "::ffff:192.168.140.255"), ("::ffff:c0a8:8cff", "::ffff:192.168.140.255"),
        ("FD9E:1A04:F01D::1", "fd9e:1a04:f01d::1"), ("1:2:3:4:5:6:77.77.88.88", "1:2:3:4:5:6:4d4d:5858"),
        ("0:0:0:0:0:ffff:1.2.3.4", "::ffff:1.2.3.4"), ("::1.2.3.4", "::102:304"),
        // RFC 5952: the first of the longest runs, and never a single group.
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:0:2::", "1:0:2::"), ("0:1::", "0:1::"),
    ])
    func parsesAndPrints(text: String, printed: String?) throws {
        let address = try IPAddress.parse(text)
        #expect(address.description == printed ?? text)
        #expect(IPAddress(address.description) == address)
    }

    @Test(arguments: [
        ("", #"ParseAddr(""): unable to parse IP"#),
        ("foo", #"ParseAddr("foo"): unable to parse IP"#),
        ("bad\"\n", #"ParseAddr("bad\"\n"): unable to parse IP"#),
        ("%eth0", #"ParseAddr("%eth0"): missing IPv6 address"#),
        ("1.2.3", #"ParseAddr("1.2.3"): IPv4 address too short"#),
        ("1.2.3.4.5", #"ParseAddr("1.2.3.4.5"): IPv4 address too long"#),
        ("1.2.3.", #"ParseAddr("1.2.3."): IPv4 field must have at least one digit (at ".")"#),
        (".1.2.3", #"ParseAddr(".1.2.3"): IPv4 field must have at least one digit (at ".1.2.3")"#),
        ("1..2.3", #"ParseAddr("1..2.3"): IPv4 field must have at least one digit (at ".2.3")"#),
        ("1.2.3.04", #"ParseAddr("1.2.3.04"): IPv4 field has octet with leading zero"#),
        ("1.2.3.256", #"ParseAddr("1.2.3.256"): IPv4 field has value >255"#),
        ("1.2.3.4x", #"ParseAddr("1.2.3.4x"): unexpected character (at "x")"#),
        ("1.2.3.é", #"ParseAddr("1.2.3.é"): unexpected character (at "é")"#),
        ("1.2.3.4%eth0", #"ParseAddr("1.2.3.4%eth0"): unexpected character (at "%eth0")"#),
        (":", #"ParseAddr(":"): each colon-separated field must have at least one digit (at ":")"#),
        (":1", #"ParseAddr(":1"): each colon-separated field must have at least one digit (at ":1")"#),
        ("1:", #"ParseAddr("1:"): colon must be followed by more characters (at ":")"#),
        ("1:2", #"ParseAddr("1:2"): address string too short"#),
        ("1:::2", #"ParseAddr("1:::2"): each colon-separated field must have at least one digit (at ":2")"#),
        ("1::2::3", #"ParseAddr("1::2::3"): multiple :: in address (at ":3")"#),
        ("1:2:3:4:5:6:7:8:9", #"ParseAddr("1:2:3:4:5:6:7:8:9"): trailing garbage after address (at "9")"#),
        ("1:2:3:4:5:6:7::8", #"ParseAddr("1:2:3:4:5:6:7::8"): the :: must expand to at least one field of zeros"#),
        ("fe801::1", #"ParseAddr("fe801::1"): each group must have 4 or less digits (at "fe801::1")"#),
        ("fe80:tail", #"ParseAddr("fe80:tail"): each colon-separated field must have at least one digit (at "tail")"#),
        ("fe80::1xyz", #"ParseAddr("fe80::1xyz"): unexpected character, want colon (at "xyz")"#),
        ("fe80::%", #"ParseAddr("fe80::%"): zone must be a non-empty string"#),
        ("fe80::1%eth0", #"ParseAddr("fe80::1%eth0"): IPv6 zones cannot be present in an address"#),
        ("::ffff:1.2.3", #"ParseAddr("::ffff:1.2.3"): IPv4 address too short"#),
        ("::1.2.3.4.", #"ParseAddr("::1.2.3.4."): IPv4 field must have at least one digit (at ".")"#),
        (
            "1:2:3:1.2.3.4",
            #"ParseAddr("1:2:3:1.2.3.4"): embedded IPv4 address must replace the final 2 fields of the address"#
                + #" (at "1.2.3.4")"#
        ),
        (
            "::1:2:3:4:5:6:7:1.2.3.4",
            #"ParseAddr("::1:2:3:4:5:6:7:1.2.3.4"): too many hex fields to fit an embedded IPv4 at the end of the"#
                + #" address (at "1.2.3.4")"#
        ),
    ])
    func refusesLikeGo(text: String, message: String) {
        #expect(throws: AddressError(message)) { try IPAddress.parse(text) }
        #expect(IPAddress(text) == nil)
    }

    @Test func randomAddressesSurviveTextAndBytes() throws {
        var generator = Seeded(1)
        for _ in 0..<2_000 {
            // Sparse values have runs of zeros, which is where printing goes wrong.
            let value = UInt128.random(in: 0 ... .max, using: &generator) & .random(in: 0 ... .max, using: &generator)
            let mask = (0..<8).reduce(into: UInt128(0)) { mask, _ in
                mask = mask << 16 | (Bool.random(using: &generator) ? 0xFFFF : 0)
            }
            for family in AddressFamily.allCases {
                let address = IPAddress(family: family, value: value & mask)
                #expect(try IPAddress.parse(address.description) == address)
                #expect(IPAddress(bytes: address.bytes) == address)
                #expect(address.isV4Mapped || IPAddress(sixteenBytes: address.sixteenBytes) == address)
            }
        }
    }

    @Test func bytesAreInNetworkOrder() throws {
        #expect(IPAddress("10.1.2.3")?.bytes == [10, 1, 2, 3])
        #expect(IPAddress("10.1.2.3")?.sixteenBytes == [UInt8](repeating: 0, count: 10) + [255, 255, 10, 1, 2, 3])
        #expect(IPAddress("102::4")?.bytes == [1, 2] + [UInt8](repeating: 0, count: 13) + [4])
        #expect(IPAddress(bytes: [1, 2, 3]) == nil)
    }

    @Test(arguments: [
        ("127.255.0.1", "L"), ("128.0.0.1", ""), ("::1", "L"), ("::2", ""), ("::ffff:127.0.0.1", "L"),
        ("224.0.0.1", "M"), ("239.255.255.255", "M"), ("240.0.0.1", ""), ("ff02::1", "M"), ("fe00::", ""),
        ("169.254.1.1", "U"), ("169.253.1.1", ""), ("fe80::1", "U"), ("febf::1", "U"), ("fec0::1", ""),
        ("::ffff:169.254.9.9", "U"), ("0.0.0.0", "0"), ("::", "0"),
    ])
    func knowsScopes(text: String, kind: String) throws {
        let address = try IPAddress.parse(text)
        #expect(address.isLoopback == (kind == "L"))
        #expect(address.isMulticast == (kind == "M"))
        #expect(address.isLinkLocalUnicast == (kind == "U"))
        #expect(address.isUnspecified == (kind == "0"))
    }

    @Test func additionStopsAtTheFamilysEnd() throws {
        let last = try IPAddress.parse("255.255.255.254")
        #expect((last + 1)?.description == "255.255.255.255")
        #expect(last + 2 == nil)
        let highest = IPAddress(family: .ipv6, value: .max)
        #expect(highest + 0 == highest)
        #expect(highest + 1 == nil)
        #expect(IPAddress(family: .ipv4, value: 1) - 2 == nil)
    }

    @Test func sortsByFamilyThenNumber() {
        let sorted = ["9.0.0.0", "10.0.0.0", "::", "::a", "1::"]
        #expect(sorted.reversed().compactMap { IPAddress($0) }.sorted().map(\.description) == sorted)
    }
}
