import Addressing
import Testing
import TestKit

@Suite struct MACAddressTests {
    @Test(arguments: ["02:42:ac:11:00:02", "02-42-AC-11-00-02", "0242.ac11.0002"])
    func parsesGosForms(text: String) throws {
        let address = try MACAddress.parse(text)
        #expect(address.octets == [0x02, 0x42, 0xAC, 0x11, 0x00, 0x02])
        #expect(address.description == "02:42:ac:11:00:02")
        #expect(MACAddress(octets: address.octets) == address)
    }

    @Test(arguments: [
        "xx:xx", "02:42:ac:11:00", "02:42:ac:11:00:0", "02:42:ac:11:00:2", "02:42-ac:11:00:02", "0242:ac11:0002",
        "02:42:ac:11:00:0g", "02:42:ac:11:00:02:03:04", "0242.ac11.002", "0242.ac11.00020", "02:42:ac:11:00:é",
    ])
    func refusesLikeGo(text: String) {
        #expect(throws: AddressError("address \(text): invalid MAC address")) { try MACAddress.parse(text) }
    }

    @Test func refusesNothing() {
        #expect(throws: AddressError("invalid MAC address")) { try MACAddress.parse("") }
    }

    @Test func randomOnesAreLocalUnicastAndDiffer() {
        var generator = Seeded(3)
        let addresses = Set((0..<1_000).map { _ in MACAddress.random(using: &generator) })
        #expect(addresses.count == 1_000)
        #expect(addresses.allSatisfy { $0.isLocallyAdministered && !$0.isMulticast })
        #expect(addresses.allSatisfy { MACAddress($0.description) == $0 && $0.octets[0] & 3 == 2 })
    }
}

@Suite struct InterfaceNameTests {
    @Test(arguments: ["a", "eth0", "br-0123456789ab", "...", "fünf", "a-b_c.d"])
    func acceptsWhatTheKernelDoes(text: String) { #expect(InterfaceName(text)?.text == text) }

    // "à" ends in the byte A0, which the kernel's isspace takes for a no-break space.
    @Test(arguments: ["", ".", "..", "a/b", "a:b", "a b", "a\tb", "a\u{B}b", "a\0b", "eth%d", "0123456789abcdef", "à"])
    func refusesWhatTheKernelDoes(text: String) { #expect(InterfaceName(text) == nil) }
}

@Suite struct PortRangeTests {
    @Test(arguments: [
        ("80", 80, 80, "80"), ("8000-8010", 8000, 8010, "8000-8010"), ("0-65535", 0, 65535, "0-65535"),
        ("7-7", 7, 7, "7"),
    ])
    func parses(text: String, lower: UInt16, upper: UInt16, printed: String) throws {
        let range = try PortRange.parse(text)
        #expect(range.lower == lower && range.upper == upper)
        #expect(range.count == Int(upper - lower) + 1)
        #expect(range.description == printed)
    }

    @Test(arguments: [
        ("", "empty string specified for ports"),
        ("-1", "invalid start port '': value is empty"),
        ("1-", "invalid end port '': value is empty"),
        ("abc", "invalid start port 'abc': invalid syntax"),
        ("1-2-3", "invalid end port '2-3': invalid syntax"),
        ("65536", "invalid start port '65536': value out of range (0–65535)"),
        ("9-8", "invalid port range: 9-8"),
    ])
    func refuses(text: String, message: String) {
        #expect(throws: AddressError(message)) { try PortRange.parse(text) }
    }

    @Test func overlapsLikeSets() {
        let ranges = (0..<6).flatMap { lower in (lower..<6).compactMap { PortRange(lower: lower, upper: $0) } }
        for left in ranges {
            for right in ranges {
                let shared = (left.lower...left.upper).contains { right.contains($0) }
                #expect(left.overlaps(right) == shared)
            }
        }
    }
}

@Suite struct QuotationTests {
    @Test(arguments: [
        ("plain", #""plain""#), ("a\"b\\c", #""a\"b\\c""#), ("\u{7}\u{8}\u{C}\n\r\t\u{B}", #""\a\b\f\n\r\t\v""#),
        ("\0\u{1F}\u{7F}", #""\x00\x1f\x7f""#), ("é日😀", #""é日😀""#), ("\u{A0}\u{AD}\u{200B}", #""\u00a0\u00ad\u200b""#),
        ("\u{E0001}", #""\U000e0001""#),
    ])
    func quotesLikeGo(text: String, quoted: String) { #expect(text.goQuoted == quoted) }
}
