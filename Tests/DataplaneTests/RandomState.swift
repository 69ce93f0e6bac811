import Addressing
import TestKit

@testable import Dataplane

extension State {
    /// Up to five bridges, each with ports into up to three namespaces, addresses, routes, sysctls and elements.
    static func random(using generator: inout Seeded) -> State {
        var state = State()
        state.hasTable = Bool.random(using: &generator)
        for number in 0..<Int.random(in: 0...5, using: &generator) where Bool.random(using: &generator) {
            state.addBridge(number, &generator)
        }
        return state
    }

    private mutating func addBridge(_ number: Int, _ generator: inout Seeded) {
        let id = LinkID("br\(number)")
        insert(
            LinkSpec(
                id: id, kind: .bridge, alias: "fairlead:\(number)",
                mtu: [nil, 1400, 1500].randomElement(using: &generator)!,
                withoutLinkLocal: Bool.random(using: &generator), up: Int.random(in: 0...9, using: &generator) > 0))
        addresses.insert(AddressSpec(link: id, prefix: IPPrefix("10.\(number).0.1/24")!))
        sysctls[SysctlID("net/ipv6/conf/br\(number)/accept_ra")] = Bool.random(using: &generator) ? "0" : "1"
        insert(
            SetElement(
                "within", [.interface("br\(number)")],
                value: .verdict(Bool.random(using: &generator) ? .accept : .drop), comment: "b\(number)"))
        for port in 0..<Int.random(in: 0...3, using: &generator) { addPort(number, port, &generator) }
    }

    private mutating func addPort(_ bridge: Int, _ port: Int, _ generator: inout Seeded) {
        let namespace = Namespace.path("/run/netns/\(port)")
        // The first is an adopted one: never pinned by us.
        if port > 0 { pins.insert(NamespacePin(path: "/run/netns/\(port)")) }
        insert(LinkSpec(id: LinkID("lo", in: namespace), kind: .loopback))
        let outer = LinkID("veth\(bridge)-\(port)")
        let inner = LinkID("eth\(bridge)", in: namespace)
        insert(
            LinkSpec(
                id: outer, kind: .veth(peer: inner), alias: "fairlead:\(bridge):\(port)", master: "br\(bridge)",
                port: LinkSpec.Port(isolated: Bool.random(using: &generator)), withoutLinkLocal: true))
        insert(LinkSpec(id: inner, kind: .vethPeer(of: outer), alias: "fairlead:\(bridge):\(port)"))
        addresses.insert(AddressSpec(link: inner, prefix: IPPrefix("10.\(bridge).0.\(port + 2)/24")!))
        sysctls[SysctlID("net/ipv6/conf/eth\(bridge)/disable_ipv6", in: namespace)] = "1"
        insert(
            RouteSpec(
                id: RouteSpec.ID(namespace: namespace, destination: .everything(.ipv4)),
                gateway: IPAddress("10.\(bridge).0.1")!, device: "eth\(bridge)"))
    }
}
