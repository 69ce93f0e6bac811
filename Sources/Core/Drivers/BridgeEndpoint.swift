import Addressing
public import Dataplane
public import NetworkModel

extension BridgeDriver {
    public func desired(
        for endpoint: Endpoint, on network: Network, in namespace: Namespace, host: HostFeatures
    ) throws(EngineError) -> State {
        let options = try options(of: network)
        let outer = LinkID(endpoint.hostInterface)
        let inner = LinkID(endpoint.interface, in: namespace)
        let alias = "fairlead:\(network.id):\(endpoint.id)"
        let mtu = options.mtu > 0 ? UInt32(clamping: options.mtu) : nil
        let hasIPv6 = endpoint.address(of: .ipv6) != nil || endpoint.linkLocal.contains { $0.family == .ipv6 }
        var state = State()
        state.insert(
            LinkSpec(
                id: outer, kind: .veth(peer: inner), alias: alias, mac: .derived(from: endpoint.id), mtu: mtu,
                master: Self.interface(of: network, options),
                // The set `within` drops what the rules see; between ports with bridge-nf 0 none does.
                port: LinkSpec.Port(isolated: !options.enableICC), withoutLinkLocal: true))
        state.insert(
            LinkSpec(
                id: inner, kind: .vethPeer(of: outer), alias: alias, mac: endpoint.mac, mtu: mtu,
                withoutLinkLocal: !hasIPv6))
        let prefixes = endpoint.addresses + endpoint.linkLocal.map { IPPrefix.linkLocal($0.family).with($0) }
        state.addresses = Set(prefixes.map { AddressSpec(link: inner, prefix: $0) })
        if host.hasIPv6 {
            state.sysctls[SysctlID("net/ipv6/conf/\(endpoint.interface)/disable_ipv6", in: namespace)] =
                hasIPv6 ? "0" : "1"
        }
        for setting in EndpointSysctls.settings(endpoint.driverOptions[EndpointSysctls.option] ?? "") {
            state.sysctls[SysctlID(setting.path(interface: endpoint.interface), in: namespace)] = setting.value
        }
        return state
    }
}
