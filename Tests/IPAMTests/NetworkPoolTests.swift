import Addressing
import NetworkModel
import Testing

@testable import IPAM

@Suite struct NetworkPoolTests {
    @Test func dynamicPoolWithItsGateway() throws {
        var ipam = emptyIPAM()
        let pool = try ipam.allocate(.ipv4, config: nil, needsGateway: true)
        #expect(pool == Pool(subnet: prefix("172.17.0.0/16"), gateway: ip("172.17.0.1"), isStatic: false))
        #expect(try ipam.requestAddress(in: pool.subnet) == ip("172.17.0.2"))
    }

    @Test func gatewayComesFromTheRange() throws {
        var ipam = emptyIPAM()
        let config = IPAMConfig(subnet: prefix("10.0.0.0/24"), range: prefix("10.0.0.128/25"))
        let pool = try ipam.allocate(.ipv4, config: config, needsGateway: true)
        #expect(pool.gateway == ip("10.0.0.128"))
        #expect(pool.isStatic)
    }

    @Test func withoutAGateway() throws {
        var ipam = emptyIPAM()
        let config = IPAMConfig(subnet: prefix("10.0.0.0/31"))
        #expect(try ipam.allocate(.ipv4, config: config, needsGateway: false).gateway == nil)
        #expect(ipam.usage(subnet: prefix("10.0.0.0/31"), range: nil) == (0, 2))
    }

    @Test(
        arguments: [
            ("10.0.0.0/24", "10.0.0.0", [:], "failed to allocate gateway (10.0.0.0): Address already in use"),
            ("10.0.0.0/24", "10.0.0.255", [:], "failed to allocate gateway (10.0.0.255): Address already in use"),
            ("fd00::/128", nil, [:], "failed to allocate gateway (): no available addresses on this pool"),
            (
                "10.0.0.0/24", "10.0.0.1", ["host": "10.0.0.1"],
                "failed to allocate secondary ip address (host:10.0.0.1): Address already in use"
            ),
        ] as [(String, String?, [String: String], String)])
    func refusalsLeaveNothingTaken(
        subnet: String, gateway: String?, auxiliary: [String: String], text: String
    ) throws {
        var ipam = emptyIPAM()
        let config = IPAMConfig(
            subnet: prefix(subnet), gateway: gateway.map(ip), auxiliaryAddresses: auxiliary.mapValues(ip))
        #expect(throws: EngineError(.system, text)) {
            try ipam.allocate(prefix(subnet).family, config: config, needsGateway: true)
        }
        #expect(ipam.overlapping(prefix(subnet)).isEmpty)
    }

    @Test func auxiliaryOutsideTheSubnet() throws {
        var ipam = emptyIPAM()
        let config = IPAMConfig(subnet: prefix("10.0.0.0/24"), auxiliaryAddresses: ["x": ip("10.0.1.1")])
        let text = "auxiliary address: (x:10.0.1.1) must belong to the master pool: 10.0.0.0/24"
        #expect(throws: EngineError(.forbidden, text)) {
            try ipam.allocate(.ipv4, config: config, needsGateway: true)
        }
    }

    /// A failed network beside another in the same subnet takes its own addresses back, not the other's.
    @Test func aSharedSubnetKeepsTheOthersAddresses() throws {
        var ipam = emptyIPAM()
        let subnet = prefix("10.0.0.0/24")
        let first = IPAMConfig(subnet: subnet, range: prefix("10.0.0.64/26"), gateway: ip("10.0.0.1"))
        let second = IPAMConfig(
            subnet: subnet, range: prefix("10.0.0.128/26"), auxiliaryAddresses: ["x": ip("10.0.0.1")])
        let pool = try ipam.allocate(.ipv4, config: first, needsGateway: true)
        #expect(throws: EngineError.self) { try ipam.allocate(.ipv4, config: second, needsGateway: true) }
        #expect(ipam.usage(subnet: subnet, range: nil).inUse == 3)
        ipam.release(pool)
        #expect(ipam.overlapping(subnet).isEmpty)
    }

    @Test func restoredStateGoesOnWhereItWas() throws {
        var before = emptyIPAM()
        let pool = try before.allocate(
            .ipv4, config: IPAMConfig(auxiliaryAddresses: ["a": ip("172.17.0.9")]), needsGateway: true)
        var after = emptyIPAM()
        try after.restore(pool)
        #expect(after.usage(subnet: pool.subnet, range: nil) == before.usage(subnet: pool.subnet, range: nil))
        #expect(try after.requestAddress(in: pool.subnet) == ip("172.17.0.2"))
        #expect(throws: EngineError.self) { try after.restore(pool) }
        #expect(try after.allocate(.ipv4, config: nil, needsGateway: true).subnet == prefix("172.18.0.0/16"))
    }
}
