import Addressing
import Drivers
import IPAM
import Logging
import NetworkModel
import Persistence

/// `bridge`, `host` and `none`: made at first start; their ids never change (docker-network-api 3.1, but for the
/// default bridge, which Docker makes anew).
extension Engine {
    /// - Returns: endpoints that are gone with a default bridge network the operator has switched off.
    func restorePredefined(_ stored: StoredState) async throws(EngineError) -> Set<ObjectID> {
        for (name, driver) in [("none", "null"), ("host", "host")] where current.networkIDs[name] == nil {
            let network = Network(id: .random(), name: name, created: .now(), driver: driver)
            try await commit([.putNetwork(network)], for: "network \(name)")
            put(network)
        }
        let old = stored.networks.first { $0.name == "bridge" }
        let endpoints = stored.endpoints.filter { $0.network == old?.id }
        if configuration.defaultBridge.isDisabled {
            guard let old else { return [] }
            try await commit(
                endpoints.map { .removeEndpoint($0.id) } + [
                    .removeNetwork(old.id), .setSetting(Self.adoptionSetting(old.id), nil),
                    .setSetting(Self.bridgeSetting, "\(old.id) \(old.created.nanoseconds)"),
                ], for: "network bridge")
            return Set(endpoints.map(\.id))
        }
        let network = try await defaultBridge(old, isInUse: !endpoints.isEmpty, stored.settings)
        if network != old {
            try await commit(
                [
                    .putNetwork(network), .setSetting(Self.bridgeSetting, nil),
                    .setSetting(Self.adoptionSetting(network.id), nil),
                ] + adoptionWrites(network), for: "network bridge")
        }
        put(network)
        return []
    }

    /// The id and age of a default bridge network that was switched off: it gets them back.
    private static let bridgeSetting = "network.bridge"

    private static func remembered(_ settings: [String: String]) -> (id: ObjectID, created: Timestamp)? {
        let words = (settings[bridgeSetting] ?? "").split(separator: " ").map(String.init)
        guard words.count == 2, let id = ObjectID(words[0]), let created = Int64(words[1]) else { return nil }
        return (id, Timestamp(nanoseconds: created))
    }

    /// The default bridge as the configuration wants it now, with the id and, if it may, the subnets it had.
    private func defaultBridge(
        _ old: Network?, isInUse: Bool, _ settings: [String: String]
    ) async throws(EngineError) -> Network {
        let wanted = configuration.defaultBridge
        let known = old.map { (id: $0.id, created: $0.created) } ?? Self.remembered(settings)
        var network = Network(
            id: known?.id ?? .random(), name: "bridge", created: known?.created ?? .now(), driver: "bridge",
            enableIPv6: wanted.enableIPv6, ipamConfig: wanted.ipamConfig, options: wanted.options)
        do {
            try validate(network.ipamConfig, enableIPv6: network.enableIPv6)
            if wanted.isUserManaged { try await takeUserBridge(&network, old, settings) }
            if let old, try isKept(old, for: network, isInUse: isInUse) {
                network.ipamConfig = old.ipamConfig
                network.enableIPv6 = old.enableIPv6
                network.pools = old.pools
                for pool in old.pools { try ipam.restore(pool) }
                restoreAdoption(of: network, settings)
            } else {
                network.pools = try ipam.allocate(
                    for: network, driver: drivers.bridge, host: try await platform.addressing())
                try await adoptBridge(of: network)
            }
            try drivers.bridge.validate(network, among: current.networks.values.map(\.network))
        } catch {
            throw error.prefixed("network bridge: ")
        }
        return network
    }

    private static let nameOption = "com.docker.network.bridge.name"

    /// Whether the default bridge stays where it was: it is the same, or containers are on it.
    private func isKept(_ old: Network, for network: Network, isInUse: Bool) throws(EngineError) -> Bool {
        let interface = old.options[Self.nameOption] ?? ""
        if interface != network.options[Self.nameOption] {
            guard isInUse else { return false }
            throw EngineError(
                .conflict,
                "containers are on \(interface): stop them before another bridge takes its place, or start with --bridge \(interface)"
            )
        }
        let isSame = old.ipamConfig == network.ipamConfig && old.enableIPv6 == network.enableIPv6
        if isSame || !isInUse { return isSame }
        logger.warning(
            "the default bridge stays as it was: containers are on it; stop them and restart to change it")
        return true
    }

    /// `--bridge NAME`: an existing bridge, whose address decides the subnet (docker-network-api 3.1).
    ///
    /// - Throws: 403 when there is no such interface, as Docker puts it.
    private func takeUserBridge(
        _ network: inout Network, _ old: Network?, _ settings: [String: String]
    ) async throws(EngineError) {
        let name = configuration.defaultBridge.interface
        guard case .bridge(let addresses) = await platform.interface(named: name) else {
            throw EngineError(
                .forbidden, "bridge device with non default name \(name) must be created manually")
        }
        let isAdopted = settings[Self.adoptionSetting(network.id)] != nil
        if let old, isAdopted, old.options[Self.nameOption] == name, network.ipamConfig.isEmpty {
            // What it has by now may be of our making.
            network.ipamConfig = old.ipamConfig
            return
        }
        for address in addresses where network.isEnabled(address.family) {
            let isGiven = network.ipamConfig.contains { $0.subnet?.family == address.family }
            if isGiven { continue }
            network.ipamConfig.append(IPAMConfig(subnet: address.masked, gateway: address.address))
        }
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
