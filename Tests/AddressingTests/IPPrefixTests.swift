import Addressing
import Testing
import TestKit

@Suite struct IPPrefixTests {
    @Test(arguments: [
        ("10.0.0.0", #"netip.ParsePrefix("10.0.0.0"): no '/'"#),
        ("10.0.0.0/65", #"netip.ParsePrefix("10.0.0.0/65"): prefix length out of range"#),
        ("::/129", #"netip.ParsePrefix("::/129"): prefix length out of range"#),
        ("10.0.0.0/x", #"netip.ParsePrefix("10.0.0.0/x"): bad bits after slash: "x""#),
        ("10.0.0.0/", #"netip.ParsePrefix("10.0.0.0/"): bad bits after slash: """#),
        ("10.0.0.0/08", #"netip.ParsePrefix("10.0.0.0/08"): bad bits after slash: "08""#),
        ("10.0.0.0/+8", #"netip.ParsePrefix("10.0.0.0/+8"): bad bits after slash: "+8""#),
        ("10.0.0.0/-8", #"netip.ParsePrefix("10.0.0.0/-8"): bad bits after slash: "-8""#),
        (
            "10.0.0.0/99999999999999999999",
            #"netip.ParsePrefix("10.0.0.0/99999999999999999999"): bad bits after slash: "99999999999999999999""#
        ),
        ("10.0.0/8", #"netip.ParsePrefix("10.0.0/8"): ParseAddr("10.0.0"): IPv4 address too short"#),
        ("/8", #"netip.ParsePrefix("/8"): ParseAddr(""): unable to parse IP"#),
        ("fe80::1%eth0/64", #"netip.ParsePrefix("fe80::1%eth0/64"): IPv6 zones cannot be present in a prefix"#),
        (
            "1.2.3.4/8/8",
            #"netip.ParsePrefix("1.2.3.4/8/8"): ParseAddr("1.2.3.4/8"): unexpected character (at "/8")"#
        ),
    ])
    func refusesLikeGo(text: String, message: String) {
        #expect(throws: AddressError(message)) { try IPPrefix.parse(text) }
    }

    @Test func keepsHostBitsUntilMasked() throws {
        let prefix = try IPPrefix.parse("172.28.5.254/16")
        #expect(prefix.description == "172.28.5.254/16")
        #expect(prefix.masked.description == "172.28.0.0/16")
        #expect(prefix.first.description == "172.28.0.0")
        #expect(prefix.last.description == "172.28.255.255")
        #expect(prefix.networkMask.description == "255.255.0.0")
        #expect(prefix != prefix.masked)
    }

    @Test(arguments: [
        ("0.0.0.0/0", UInt128(1) << 32), ("10.0.0.0/32", 1), ("10.0.0.0/24", 256), ("::/0", .max),
        ("::/1", UInt128(1) << 127), ("::1/128", 1), ("fd00::/64", UInt128(1) << 64),
    ])
    func countsAddresses(text: String, size: UInt128) throws {
        #expect(try IPPrefix.parse(text).size == size)
    }

    @Test func lengthMustFitTheFamily() throws {
        let address = try IPAddress.parse("10.0.0.1")
        #expect(IPPrefix(address: address, length: 33) == nil)
        #expect(IPPrefix(address: address, length: -1) == nil)
        #expect(IPPrefix(host: address).description == "10.0.0.1/32")
    }

    /// Prefixes within the last 16 addresses of each family, against the sets of addresses they stand for.
    @Test(arguments: AddressFamily.allCases) func agreesWithBruteForce(family: AddressFamily) throws {
        let base = IPAddress(family: family, value: .max).value - 15
        let addresses = (0..<16).map { IPAddress(family: family, value: base + $0) }
        let prefixes = (0...4).flatMap { width in
            addresses.compactMap { IPPrefix(address: $0, length: family.bits - width) }
        }
        func members(_ prefix: IPPrefix) -> Set<IPAddress> {
            Set(addresses.filter { prefix.first <= $0 && $0 <= prefix.last })
        }
        for left in prefixes {
            let inLeft = members(left)
            #expect(UInt128(inLeft.count) == left.size)
            #expect(Set(addresses.filter(left.contains)) == inLeft)
            for right in prefixes {
                let inRight = members(right)
                #expect(left.contains(right) == inLeft.isSuperset(of: inRight))
                #expect(left.overlaps(right) == !inLeft.isDisjoint(with: inRight))
            }
        }
    }

    @Test func familiesNeverMeet() throws {
        let all4 = try IPPrefix.parse("0.0.0.0/0")
        let all6 = try IPPrefix.parse("::/0")
        #expect(!all4.overlaps(all6))
        #expect(!all6.contains(all4))
        #expect(!all6.contains(all4.address))
    }

    @Test func randomPrefixesSurviveText() throws {
        var generator = Seeded(2)
        for _ in 0..<2_000 {
            let family = try #require(AddressFamily.allCases.randomElement(using: &generator))
            let value = UInt128.random(in: 0 ... .max, using: &generator)
            let length = Int.random(in: 0...family.bits, using: &generator)
            let prefix = try #require(IPPrefix(address: IPAddress(family: family, value: value), length: length))
            #expect(IPPrefix(prefix.description) == prefix)
            #expect(prefix.first <= prefix.address && prefix.address <= prefix.last)
            #expect(prefix.contains(prefix.last))
            if let next = prefix.last + 1 { #expect(!prefix.contains(next)) }
        }
    }

    @Test func sortsByAddressThenLength() {
        let sorted = ["10.0.0.0/8", "10.0.0.0/16", "10.0.1.0/24", "fd00::/8"]
        #expect(sorted.reversed().compactMap { IPPrefix($0) }.sorted().map(\.description) == sorted)
    }
}
