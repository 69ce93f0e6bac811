import Addressing
import Testing

@testable import Dataplane

/// Planning has to stay affordable when there are ten thousand networks.
@Suite(.serialized) struct ScalingTests {
    /// Bridges with two containers each, every one with all that an endpoint has.
    private static func networks(_ count: Int) -> State {
        var state = State()
        state.hasTable = true
        for number in 0..<count {
            let bridge = LinkID("br-\(number)")
            state.insert(LinkSpec(id: bridge, kind: .bridge, alias: "fairlead:\(number)"))
            let base = UInt32(10) << 24 | UInt32(number) << 6
            state.addresses.insert(AddressSpec(link: bridge, prefix: prefix(base + 1, 26)))
            state.sysctls[SysctlID("net/ipv6/conf/\(bridge.name)/disable_ipv6")] = "1"
            state.insert(SetElement("bridges", [.interface(bridge.name)], comment: "\(number)"))
            for host in UInt32(2)...3 { add(to: &state, bridge, number, base, host) }
        }
        return state
    }

    private static func add(to state: inout State, _ bridge: LinkID, _ number: Int, _ base: UInt32, _ host: UInt32) {
        let namespace = Namespace.path("/run/netns/\(number)-\(host)")
        let outer = LinkID("v\(number)-\(host)")
        let inner = LinkID("eth0", in: namespace)
        state.pins.insert(NamespacePin(path: "/run/netns/\(number)-\(host)"))
        state.insert(LinkSpec(id: LinkID("lo", in: namespace), kind: .loopback))
        state.insert(LinkSpec(id: outer, kind: .veth(peer: inner), alias: "fairlead:a:b", master: bridge.name))
        state.insert(LinkSpec(id: inner, kind: .vethPeer(of: outer), alias: "fairlead:a:b"))
        state.addresses.insert(AddressSpec(link: inner, prefix: prefix(base + host, 26)))
        state.sysctls[SysctlID("net/ipv6/conf/eth0/disable_ipv6", in: namespace)] = "1"
        state.insert(
            RouteSpec(
                id: .init(namespace: namespace, destination: .everything(.ipv4)), gateway: address(base + 1),
                device: "eth0"))
    }

    private static func address(_ number: UInt32) -> IPAddress {
        IPAddress(bytes: [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) })!
    }

    private static func prefix(_ number: UInt32, _ length: Int) -> IPPrefix {
        IPPrefix(address: address(number), length: length)!
    }

    /// From nothing to all and back, as at a first start and at an end, with what the state is after each.
    private static func time(_ count: Int) -> Duration {
        let desired = networks(count)
        return ContinuousClock().measure {
            let up = Plan(from: State(), to: desired)
            let full = State().applying(up)
            #expect(Plan(from: full, to: desired).isEmpty)
            let down = Plan(from: full, to: State(), removal: .awaited)
            #expect(up.steps.count == count * 21 + 1)
            #expect(full.applying(down).links.isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(2))) func tenTimesTheNetworksTakeAboutTenTimesAsLong() {
        _ = Self.time(100)
        let small = Self.time(1_000)
        let large = Self.time(10_000)
        #expect(large < .seconds(60))
        #expect(large / small < 25, "1,000: \(small), 10,000: \(large)")
    }
}
