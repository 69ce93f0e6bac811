import Addressing
import NetworkModel
import Testing
import TestKit

@testable import IPAM

private let overlap = EngineError(
    .forbidden, "invalid pool request: Pool overlaps with other one on this address space")

@Suite struct SubnetTests {
    @Test func freedSubnetsAreUsedAgainAtOnce() throws {
        var ipam = emptyIPAM()
        for _ in 0..<20 { _ = try ipam.requestPool(family: .ipv4, subnet: nil) }
        ipam.releasePool(subnet: prefix("172.19.0.0/16"), range: nil)
        ipam.releasePool(subnet: prefix("172.18.0.0/16"), range: nil)
        #expect(try ipam.requestPool(family: .ipv4, subnet: nil) == prefix("172.18.0.0/16"))
        #expect(try ipam.requestPool(family: .ipv4, subnet: nil) == prefix("172.19.0.0/16"))
        #expect(try ipam.requestPool(family: .ipv4, subnet: nil) == prefix("192.168.80.0/20"))
    }

    @Test func hostAddressesAreNeverProposedOver() throws {
        var ipam = emptyIPAM()
        let host = HostAddressing(reserved: [prefix("172.17.5.1/32"), prefix("172.18.0.0/15"), prefix("10.0.0.0/8")])
        #expect(try ipam.requestPool(family: .ipv4, subnet: nil, host: host) == prefix("172.20.0.0/16"))
        for _ in 0..<27 { _ = try ipam.requestPool(family: .ipv4, subnet: nil, host: host) }
        // 28 of Docker's are left, and 10.128.0.0/9 is the host's.
        #expect(throws: EngineError(.invalidArgument, "all predefined address pools have been fully subnetted")) {
            try ipam.requestPool(family: .ipv4, subnet: nil, host: host)
        }
        // What a user names is not compared with the host.
        #expect(
            try ipam.requestPool(family: .ipv4, subnet: prefix("172.17.0.0/16"), host: host)
                == prefix("172.17.0.0/16"))
    }

    @Test func routedSpaceComesLast() throws {
        let pools = [try DefaultPool(base: prefix("10.9.0.0/22"), size: 24)]
        var ipam = emptyIPAM(pools)
        let host = HostAddressing(
            reserved: [prefix("10.9.3.0/24")],
            routes: [prefix("10.9.0.0/24"), prefix("0.0.0.0/0"), prefix("10.0.0.0/8")])
        let given = try (0..<3).map { _ in try ipam.requestPool(family: .ipv4, subnet: nil, host: host) }
        #expect(given == [prefix("10.9.1.0/24"), prefix("10.9.2.0/24"), prefix("10.9.0.0/24")])
        #expect(throws: EngineError.self) { try ipam.requestPool(family: .ipv4, subnet: nil, host: host) }
    }

    @Test func aRoutedVPNSendsNetworksToTheOverflow() throws {
        var ipam = emptyIPAM()
        let host = HostAddressing(routes: [prefix("172.16.0.0/12"), prefix("192.168.0.0/16")])
        #expect(try ipam.requestPool(family: .ipv4, subnet: nil, host: host) == prefix("10.128.0.0/24"))
    }

    @Test func requestedSizes() throws {
        var ipam = emptyIPAM()
        #expect(try ipam.requestPool(family: .ipv4, subnet: prefix("0.0.0.0/24")) == prefix("172.17.0.0/24"))
        #expect(try ipam.requestPool(family: .ipv4, subnet: prefix("0.0.0.0/14")) == prefix("172.20.0.0/14"))
        #expect(try ipam.requestPool(family: .ipv4, subnet: prefix("0.0.0.0/25")) == prefix("172.17.1.0/25"))
        #expect(try ipam.requestPool(family: .ipv4, subnet: prefix("0.0.0.0/0")) == prefix("172.18.0.0/16"))
        #expect(try ipam.requestPool(family: .ipv6, subnet: prefix("::/72")).length == 72)
        #expect(throws: EngineError(.invalidArgument, "invalid address pool")) {
            try ipam.requestPool(family: .ipv4, subnet: prefix("0.0.0.0/8"))
        }
    }

    @Test func aRangeNeedsASubnet() {
        var ipam = emptyIPAM()
        let text =
            "failed to parse pool request for address space \"LocalDefault\" pool \"\" subpool \"10.1.0.0/24\": "
            + "invalid address subpool"
        #expect(throws: EngineError(.system, text)) {
            try ipam.requestPool(family: .ipv4, subnet: prefix("0.0.0.0/16"), range: prefix("10.1.0.0/24"))
        }
    }

    @Test func globalScopeSharesTheTables() throws {
        var ipam = emptyIPAM()
        _ = try ipam.requestPool(family: .ipv4, subnet: prefix("10.0.0.0/23"))
        #expect(try ipam.requestPool(family: .ipv4, subnet: nil, scope: "global") == prefix("10.0.2.0/24"))
        #expect(throws: overlap) { try ipam.requestPool(family: .ipv4, subnet: prefix("10.0.0.0/8")) }
    }

    @Test func overlapsAreRefused() throws {
        var ipam = emptyIPAM()
        _ = try ipam.requestPool(family: .ipv4, subnet: prefix("10.1.0.0/16"))
        for text in ["10.1.0.0/16", "10.1.128.0/24", "10.0.0.0/8"] {
            #expect(throws: overlap) { try ipam.requestPool(family: .ipv4, subnet: prefix(text)) }
        }
        #expect(throws: Never.self) { try ipam.requestPool(family: .ipv4, subnet: prefix("10.2.0.0/16")) }
        ipam.releasePool(subnet: prefix("10.1.0.0/16"), range: nil)
        #expect(throws: Never.self) { try ipam.requestPool(family: .ipv4, subnet: prefix("10.1.128.0/24")) }
    }

    @Test func networksShareASubnetByRange() throws {
        var ipam = emptyIPAM()
        let subnet = prefix("10.1.0.0/16")
        let (first, second) = (prefix("10.1.1.0/24"), prefix("10.1.2.0/24"))
        _ = try ipam.requestPool(family: .ipv4, subnet: subnet, range: first)
        _ = try ipam.requestPool(family: .ipv4, subnet: subnet, range: second)
        #expect(throws: overlap) { try ipam.requestPool(family: .ipv4, subnet: subnet, range: second) }
        #expect(throws: overlap) { try ipam.requestPool(family: .ipv4, subnet: subnet) }
        #expect(ipam.ranges(of: subnet) == [first, second])

        // One table: what one takes, the other can't have, and both count all.
        #expect(try ipam.requestAddress(in: subnet, range: first) == ip("10.1.1.0"))
        #expect(throws: EngineError.self) {
            try ipam.requestAddress(in: subnet, range: second, preferred: ip("10.1.1.0"))
        }
        #expect(ipam.usage(subnet: subnet, range: second) == (3, 256))

        ipam.releasePool(subnet: subnet, range: first)
        #expect(throws: overlap) { try ipam.requestPool(family: .ipv4, subnet: prefix("10.1.9.0/24")) }
        ipam.releasePool(subnet: subnet, range: second)
        #expect(throws: Never.self) { try ipam.requestPool(family: .ipv4, subnet: prefix("10.1.9.0/24")) }
    }

    /// A wider subnet with a range may lie over others; releasing either leaves the other's space taken.
    @Test func overlappingSubnetsAreFoundAndOutliveEachOther() throws {
        var ipam = emptyIPAM()
        let (wide, inner, middle) = (prefix("10.0.0.0/8"), prefix("10.1.1.0/24"), prefix("10.1.0.0/16"))
        _ = try ipam.requestPool(family: .ipv4, subnet: inner)
        _ = try ipam.requestPool(family: .ipv4, subnet: wide, range: prefix("10.3.0.0/16"))
        _ = try ipam.requestPool(family: .ipv4, subnet: middle, range: prefix("10.1.7.0/24"))
        #expect(ipam.overlapping(middle) == [wide, middle, inner])
        #expect(ipam.overlapping(prefix("11.0.0.0/8")).isEmpty)

        ipam.releasePool(subnet: wide, range: prefix("10.3.0.0/16"))
        #expect(ipam.overlapping(inner) == [middle, inner])
        #expect(throws: overlap) { try ipam.requestPool(family: .ipv4, subnet: prefix("10.1.200.0/24")) }
        ipam.releasePool(subnet: middle, range: prefix("10.1.7.0/24"))
        #expect(throws: Never.self) { try ipam.requestPool(family: .ipv4, subnet: prefix("10.1.200.0/24")) }
        #expect(throws: overlap) { try ipam.requestPool(family: .ipv4, subnet: prefix("10.1.1.128/25")) }
    }

    @Test func restoringIgnoresTheOrder() throws {
        var ipam = emptyIPAM()
        let subnet = prefix("10.1.0.0/16")
        try ipam.restorePool(subnet: subnet, range: prefix("10.1.1.0/24"))
        try ipam.restorePool(subnet: subnet, range: nil)
        #expect(throws: overlap) { try ipam.restorePool(subnet: subnet, range: nil) }
    }

    /// Random requests and releases against a list of subnets and a walk over every candidate.
    @Test(arguments: [UInt64(7), 8, 9])
    func firstFitAgainstBruteForce(seed: UInt64) throws {
        var generator = Seeded(seed)
        let pools = [
            try DefaultPool(base: prefix("10.0.0.0/26"), size: 29),
            try DefaultPool(base: prefix("10.0.1.0/27"), size: 30),
        ]
        var ipam = emptyIPAM(pools)
        var allocated: [IPPrefix] = []
        for _ in 0..<2000 {
            if Int.random(in: 0..<5, using: &generator) < 2, let victim = allocated.randomElement(using: &generator) {
                ipam.releasePool(subnet: victim, range: nil)
                allocated.removeAll { $0 == victim }
                continue
            }
            let size = [nil, 28, 29, 30, 31].randomElement(using: &generator) ?? nil
            let host = HostAddressing(
                reserved: [randomPrefix(&generator)], routes: [randomPrefix(&generator), randomPrefix(&generator)])
            let expected = bruteForce(pools, size: size, allocated: allocated, host: host)
            let subnet = size.flatMap { IPPrefix(address: ip("0.0.0.0"), length: $0) }
            let given = try? ipam.requestPool(family: .ipv4, subnet: subnet, host: host)
            #expect(given == expected)
            if let given { allocated.append(given) }
        }
    }

    private func randomPrefix(_ generator: inout Seeded) -> IPPrefix {
        let address = IPAddress(family: .ipv4, value: 0x0A00_0000 + UInt128(generator.next() % 512))
        let length = Int.random(in: 28...32, using: &generator)
        return IPPrefix(address: address, length: length)?.masked ?? IPPrefix(host: address)
    }

    private func bruteForce(
        _ pools: [DefaultPool], size: Int?, allocated: [IPPrefix], host: HostAddressing
    ) -> IPPrefix? {
        for avoidsRoutes in [true, false] {
            for pool in pools where pool.base.length <= size ?? pool.size {
                let length = size ?? pool.size
                for start in stride(from: pool.base.first.value, through: pool.base.last.value, by: 1 << (32 - length))
                {
                    guard let candidate = IPPrefix(address: IPAddress(family: .ipv4, value: start), length: length)
                    else { continue }
                    let values = candidate.first.value...candidate.last.value
                    let isBlocked =
                        allocated.contains { $0.overlaps(candidate) }
                        || values.contains { host.reserved(.ipv4).contains($0) }
                        || avoidsRoutes && values.contains { host.routed(.ipv4).contains($0) }
                    if !isBlocked { return candidate }
                }
            }
        }
        return nil
    }
}
