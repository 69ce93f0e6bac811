import Addressing
import NetworkModel
import Testing
import TestKit

@testable import IPAM

private let exhausted = EngineError(.unavailable, "no available addresses on this pool")
private let taken = EngineError(.forbidden, "Address already in use")

@Suite struct AddressTests {
    private func ipam(_ subnet: IPPrefix, range: IPPrefix? = nil) throws -> IPAM {
        var ipam = emptyIPAM()
        _ = try ipam.requestPool(family: subnet.family, subnet: subnet, range: range)
        return ipam
    }

    /// All that a pool gives out automatically, by its prefix (docker-network-api 2.4, "Prefix-length corner cases").
    @Test(arguments: [
        ("10.0.0.0/29", ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]),
        ("10.0.0.0/30", ["10.0.0.1", "10.0.0.2"]), ("10.0.0.0/31", ["10.0.0.0", "10.0.0.1"]),
        ("10.0.0.0/32", ["10.0.0.0"]), ("fd00::/126", ["fd00::1", "fd00::2", "fd00::3"]),
        ("fd00::/127", ["fd00::1"]), ("fd00::/128", []),
        ("255.255.255.252/30", ["255.255.255.253", "255.255.255.254"]),
    ])
    func lowestFirstUntilNothingIsLeft(subnet: String, addresses: [String]) throws {
        var ipam = try ipam(prefix(subnet))
        for address in addresses { #expect(try ipam.requestAddress(in: prefix(subnet)) == ip(address)) }
        #expect(throws: exhausted) { try ipam.requestAddress(in: prefix(subnet)) }
        for address in addresses.reversed() {
            ipam.releaseAddress(ip(address), in: prefix(subnet))
            #expect(try ipam.requestAddress(in: prefix(subnet)) == ip(address))
        }
    }

    @Test func preferredAddresses() throws {
        let subnet = prefix("10.0.0.0/24")
        let range = prefix("10.0.0.128/25")
        var ipam = try ipam(subnet, range: range)
        // A range's own first address is an address like any other, and a preferred one may be outside the range.
        #expect(try ipam.requestAddress(in: subnet, range: range) == ip("10.0.0.128"))
        #expect(try ipam.requestAddress(in: subnet, range: range, preferred: ip("10.0.0.9")) == ip("10.0.0.9"))
        for address in ["10.0.0.9", "10.0.0.0", "10.0.0.255"] {
            #expect(throws: taken) { try ipam.requestAddress(in: subnet, preferred: ip(address)) }
        }
        #expect(throws: EngineError(.invalidArgument, "requested address is out of range")) {
            try ipam.requestAddress(in: subnet, preferred: ip("10.0.1.1"))
        }
        #expect(throws: EngineError.self) { try ipam.requestAddress(in: prefix("10.9.0.0/24")) }
    }

    @Test func networkAndBroadcastStayTaken() throws {
        let subnet = prefix("10.0.0.0/24")
        var ipam = try ipam(subnet)
        ipam.releaseAddress(ip("10.0.0.0"), in: subnet)
        ipam.releaseAddress(ip("10.0.0.255"), in: subnet)
        ipam.releaseAddress(ip("10.0.7.7"), in: subnet)
        #expect(ipam.usage(subnet: subnet, range: nil) == (2, 254))
    }

    @Test func avoidedAddressesComeLast() throws {
        let subnet = prefix("10.0.0.0/29")
        var ipam = try ipam(subnet)
        let avoided: Set = [ip("10.0.0.1"), ip("10.0.0.2"), ip("10.0.0.6")]
        let given = try (0..<6).map { _ in try ipam.requestAddress(in: subnet, avoiding: avoided).description }
        #expect(given == ["10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.1", "10.0.0.2", "10.0.0.6"])
        #expect(throws: exhausted) { try ipam.requestAddress(in: subnet, avoiding: avoided) }
    }

    /// Docker's own numbers (docker-network-api 2.1).
    @Test func usageAsDockerCountsIt() throws {
        var ipam = emptyIPAM()
        let v4 = IPAMConfig(
            subnet: prefix("192.168.0.0/24"), range: prefix("192.168.0.64/31"), gateway: ip("192.168.0.1"),
            auxiliaryAddresses: ["a": ip("192.168.0.65"), "b": ip("192.168.0.128")])
        _ = try ipam.allocate(.ipv4, config: v4, needsGateway: true)
        #expect(ipam.usage(subnet: prefix("192.168.0.0/24"), range: v4.range) == (5, 1))
        let v6 = IPAMConfig(
            subnet: prefix("fd01::/64"), range: prefix("fd01::/120"), gateway: ip("fd01::1"),
            auxiliaryAddresses: ["a": ip("fd01::2a"), "b": ip("fd01::8000")])
        _ = try ipam.allocate(.ipv6, config: v6, needsGateway: true)
        #expect(ipam.usage(subnet: prefix("fd01::/64"), range: v6.range) == (4, 253))
        let bare = IPAMConfig(subnet: prefix("fd02::/56"))
        _ = try ipam.allocate(.ipv6, config: bare, needsGateway: true)
        #expect(ipam.usage(subnet: prefix("fd02::/56"), range: nil) == (2, .max))
        #expect(ipam.usage(subnet: prefix("fd03::/56"), range: nil) == (0, 0))
    }

    /// Takes the first 2^63 addresses but one by their ends: only that one is given out.
    @Test func widePoolsGiveOutTheirFirstHalfOfASlash64() throws {
        let subnet = prefix("fd00::/56")
        var table = AddressTable(subnet: subnet, range: nil)
        #expect(try table.request(range: nil, preferred: nil, avoiding: []) == ip("fd00::1"))
        let last = ip("fd00::7fff:ffff:ffff:ffff")
        #expect(try table.request(range: IPPrefix(host: last), preferred: nil, avoiding: []) == last)
        // Beyond: only by name, or by a range of its own.
        #expect(throws: Never.self) {
            try table.request(range: nil, preferred: ip("fd00::8000:0:0:0"), avoiding: [])
        }
        #expect(try table.request(range: prefix("fd00:0:0:5::/64"), preferred: nil, avoiding: []) == ip("fd00:0:0:5::"))
    }

    @Test func sixtyFiveThousandInOneSubnet() throws {
        let subnet = prefix("10.1.0.0/16")
        var ipam = try ipam(subnet)
        for offset in 1...65_534 {
            let address = try ipam.requestAddress(in: subnet)
            #expect(address.value == subnet.first.value + UInt128(offset))
        }
        #expect(throws: exhausted) { try ipam.requestAddress(in: subnet) }
        #expect(ipam.usage(subnet: subnet, range: nil) == (65_536, 0))
    }

    /// Random requests and releases against a set and a walk over every address.
    @Test(arguments: [UInt64(3), 4, 5], ["10.0.0.0/25", "fd00::ff80/121"])
    func againstBruteForce(seed: UInt64, subnet: String) throws {
        var generator = Seeded(seed)
        let subnet = prefix(subnet)
        let middle = IPAddress(family: subnet.family, value: subnet.first.value + 64)
        let range = try #require(IPPrefix(address: middle, length: subnet.length + 2))
        var ipam = try ipam(subnet, range: range)
        let everyone = (0..<128).compactMap { subnet.first + $0 }
        let reserved = subnet.family == .ipv4 ? [subnet.first, subnet.last] : [subnet.first]
        var model = Set(reserved)
        for _ in 0..<3000 {
            let avoided = Set((0..<4).compactMap { _ in everyone.randomElement(using: &generator) })
            let target = Bool.random(using: &generator) ? range : nil
            let candidates = everyone.filter { !model.contains($0) && (target ?? subnet).contains($0) }
            switch Int.random(in: 0..<4, using: &generator) {
            case 0, 1:
                let expected = candidates.first { !avoided.contains($0) } ?? candidates.first
                #expect((try? ipam.requestAddress(in: subnet, range: target, avoiding: avoided)) == expected)
                if let expected { model.insert(expected) }
            case 2:
                let wish = try #require(everyone.randomElement(using: &generator))
                let given = try? ipam.requestAddress(in: subnet, preferred: wish)
                #expect(given == (model.contains(wish) ? nil : wish))
                model.insert(wish)
            default:
                for victim in avoided where !reserved.contains(victim) {
                    ipam.releaseAddress(victim, in: subnet)
                    model.remove(victim)
                }
            }
            #expect(ipam.usage(subnet: subnet, range: nil).inUse == UInt64(model.count))
        }
    }
}
