import Addressing
import Dataplane
import Drivers
import NetworkModel
import Testing

@Suite struct BridgeDriverTests {
    private let driver = BridgeDriver(defaultBridge: "fairlead0")

    private func network(
        _ options: [String: String] = [:], isInternal: Bool = false, ipv6: Bool = false
    ) -> Network {
        var pools = [
            Pool(subnet: IPPrefix("10.5.0.0/24")!, gateway: IPAddress("10.5.0.1"), isStatic: true)
        ]
        if ipv6 {
            pools.append(Pool(subnet: IPPrefix("fd00:5::/64")!, gateway: IPAddress("fd00:5::1"), isStatic: true))
        }
        return Network(
            id: ObjectID(String(repeating: "ab", count: 32))!, name: "front", created: .zero, driver: "bridge",
            enableIPv6: ipv6, pools: pools, isInternal: isInternal, options: options)
    }

    private let bridge = LinkID("br-abababababab")

    @Test func theBridgeHasTheGatewaysAddresses() throws {
        let state = try driver.desired(for: network(ipv6: true), on: HostFeatures())
        #expect(state.addresses.map { "\($0.prefix)" }.sorted() == ["10.5.0.1/24", "fd00:5::1/64"])
        // A host may have `net.ipv6.conf.default.disable_ipv6=1`.
        let settings = "net/ipv6/conf/br-abababababab"
        #expect(
            state.sysctls == [SysctlID("\(settings)/accept_ra"): "0", SysctlID("\(settings)/disable_ipv6"): "0"])
        #expect(state.links[bridge]?.withoutLinkLocal == false)
    }

    @Test func aBridgeWithoutIPv6HasItOff() throws {
        let state = try driver.desired(for: network(), on: HostFeatures())
        #expect(state.sysctls == [SysctlID("net/ipv6/conf/br-abababababab/disable_ipv6"): "1"])
        let without = try driver.desired(for: network(), on: HostFeatures(hasIPv6: false))
        #expect(without.sysctls.isEmpty)
    }

    @Test func theBridgesMACStaysTheSame() throws {
        let first = try driver.desired(for: network(), on: HostFeatures()).links[bridge]?.mac
        let second = try driver.desired(for: network(), on: HostFeatures()).links[bridge]?.mac
        #expect(first == second)
        #expect(first?.isLocallyAdministered == true)
        #expect(first?.isMulticast == false)
    }

    @Test func inhibitedAndIsolatedGatewaysAreNotOnTheBridge() throws {
        let inhibited = network(["com.docker.network.bridge.inhibit_ipv4": "true"])
        #expect(try driver.desired(for: inhibited, on: HostFeatures()).addresses.isEmpty)
        #expect(try driver.gateway(.ipv4, of: inhibited) == IPAddress("10.5.0.1"))
        let isolated = network(["com.docker.network.bridge.gateway_mode_ipv4": "isolated"], isInternal: true)
        #expect(try driver.desired(for: isolated, on: HostFeatures()).addresses.isEmpty)
        #expect(try !driver.needsGateway(.ipv4, isolated))
    }

    @Test func internalNetworksGiveNoGateway() throws {
        #expect(try driver.gateway(.ipv4, of: network(isInternal: true)) == nil)
        #expect(try driver.needsGateway(.ipv4, network(isInternal: true)))
    }

    @Test func anEndpointIsAPairWithItsAddresses() throws {
        let endpoint = Endpoint(
            id: .random(), network: .random(), container: .random(), name: "web",
            addresses: [IPPrefix("10.5.0.2/24")!], mac: MACAddress("02:42:00:00:00:02"), interface: "eth0",
            hostInterface: "veth1234567")
        let inside = Namespace.path("/run/fairlead/netns/1")
        let state = try driver.desired(
            for: endpoint, on: network(["com.docker.network.bridge.enable_icc": "false"]), in: inside,
            host: HostFeatures())
        let outer = try #require(state.links[LinkID("veth1234567")])
        #expect(outer.master == "br-abababababab")
        #expect(outer.port?.isolated == true)
        #expect(outer.kind == .veth(peer: LinkID("eth0", in: inside)))
        #expect(state.links[LinkID("eth0", in: inside)]?.mac == MACAddress("02:42:00:00:00:02"))
        #expect(state.addresses.map { "\($0.prefix)" } == ["10.5.0.2/24"])
        #expect(state.sysctls == [SysctlID("net/ipv6/conf/eth0/disable_ipv6", in: inside): "1"])
    }

    @Test func conflictsNameBothNetworks() throws {
        let mine = network(["com.docker.network.bridge.name": "shared"])
        var other = network(["com.docker.network.bridge.name": "shared"])
        other = Network(
            id: ObjectID(String(repeating: "cd", count: 32))!, name: "other", created: .zero, driver: "bridge",
            pools: [Pool(subnet: IPPrefix("10.6.0.0/24")!, isStatic: true)], options: other.options)
        #expect(
            throws: EngineError(
                .forbidden,
                "cannot create network \(mine.id) (shared): conflicts with network \(other.id) (shared): networks have same bridge name"
            )
        ) { try driver.validate(mine, among: [other]) }
    }

    @Test func bothFamiliesOffIsRefused() {
        var none = network()
        none.enableIPv4 = false
        #expect(throws: EngineError(.invalidArgument, "IPv4 or IPv6 must be enabled")) {
            try driver.validate(none, among: [Network]())
        }
    }
}
