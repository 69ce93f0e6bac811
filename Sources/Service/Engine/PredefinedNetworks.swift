import Addressing
import Drivers
import IPAM
import NetworkModel
import Persistence

/// `bridge`, `host` and `none`: made at first start; their ids never change (docker-network-api 3.1, but for the
/// default bridge, which Docker makes anew).
extension Engine {
    func restorePredefined(_ stored: [Network]) async throws(EngineError) {
        for (name, driver) in [("none", "null"), ("host", "host")] where current.networkIDs[name] == nil {
            try await keep(Network(id: .random(), name: name, created: .now(), driver: driver))
        }
        let old = stored.first { $0.name == "bridge" }
        if configuration.defaultBridge.isDisabled {
            if let old { try await store.commit([.removeNetwork(old.id)], for: "network bridge") }
            return
        }
        try await keep(try await defaultBridge(old))
    }

    private func keep(_ network: Network) async throws(EngineError) {
        try await store.commit([.putNetwork(network)], for: "network \(network.name)")
        put(network)
    }

    /// The default bridge as the configuration wants it now, with the id and, if it may, the subnet it had.
    private func defaultBridge(_ old: Network?) async throws(EngineError) -> Network {
        let settings = configuration.defaultBridge
        var network = Network(
            id: old?.id ?? .random(), name: "bridge", created: old?.created ?? .now(), driver: "bridge",
            enableIPv6: settings.enableIPv6, ipamConfig: settings.ipamConfig, options: settings.options)
        if let old, old.ipamConfig == network.ipamConfig, old.enableIPv6 == network.enableIPv6 {
            network.pools = old.pools
            for pool in old.pools { try ipam.restore(pool) }
        } else {
            network.pools = try ipam.allocate(
                for: network, driver: drivers.bridge, host: try await platform.addressing())
        }
        try drivers.bridge.validate(network, among: current.networks.values.map(\.network))
        return network
    }
}

extension EngineConfiguration.DefaultBridge {
    /// As inspect echoes it.
    var options: [String: String] {
        [
            "com.docker.network.bridge.default_bridge": "true",
            "com.docker.network.bridge.enable_icc": "\(enableICC)",
            "com.docker.network.bridge.enable_ip_masquerade": "\(enableMasquerade)",
            "com.docker.network.bridge.host_binding_ipv4": hostBinding?.description ?? "0.0.0.0",
            "com.docker.network.bridge.name": interface,
            "com.docker.network.driver.mtu": "\(mtu)",
        ]
    }

    /// The subnets that `bip` and `fixed-cidr` name: a `fixed-cidr` alone is the subnet itself.
    var ipamConfig: [IPAMConfig] {
        AddressFamily.allCases.compactMap { family in
            guard family == .ipv4 || enableIPv6, let subnet = (gateways[family] ?? ranges[family])?.masked else {
                return nil
            }
            var config = IPAMConfig(subnet: subnet, gateway: gateways[family]?.address)
            if gateways[family] != nil { config.range = ranges[family] }
            if let gateway = containerGateways[family] {
                config.auxiliaryAddresses[family == .ipv4 ? "DefaultGatewayIPv4" : "DefaultGatewayIPv6"] = gateway
            }
            return config
        }
    }
}
