import Drivers
import NetworkModel

/// The checks of a network before anything is reserved for it, in Docker's order (docker-network-api 2.4, steps 3
/// to 12), and its defaults.
struct NetworkDraft {
    /// Names that are Docker's own.
    static let predefined: Set<String> = ["bridge", "host", "none", "default"]

    /// What is known besides the request.
    struct Surroundings {
        var drivers: Drivers
        var defaultOptions: [String: [String: String]]
        /// Whether a network of that name is there or being made.
        var isTaken: (String) -> Bool
        /// The config-only network of that name.
        var configuration: (String) -> Network?
    }

    /// - Throws: the first refusal.
    static func check(_ request: NetworkRequest, _ around: Surroundings) throws(EngineError) -> Network {
        if predefined.contains(request.name) {
            throw EngineError(.forbidden, "operation is not permitted on predefined \(request.name) network ")
        }
        try refuseSwarm(request)
        let families = try request.families()
        let config = request.ipam?.config ?? []
        try validate(config, enableIPv6: families.ipv6)
        if request.name.allSatisfy(\.isWhitespace) {
            throw EngineError(.invalidArgument, "invalid name: name is empty")
        }
        if around.isTaken(request.name) {
            throw EngineError(.conflict, "network with name \(request.name) already exists")
        }
        var network = Network(
            id: .random(), name: request.name, created: .now(), scope: request.scope.isEmpty ? "local" : request.scope,
            driver: request.driver.isEmpty ? "bridge" : request.driver, enableIPv4: families.ipv4,
            enableIPv6: families.ipv6, ipamDriver: request.ipam?.driver.nonEmpty ?? "default",
            ipamOptions: request.ipam?.options, ipamConfig: config, isInternal: request.isInternal,
            isAttachable: request.isAttachable, isIngress: request.isIngress, isConfigOnly: request.isConfigOnly,
            configFrom: request.configFrom ?? "", options: families.options, labels: request.labels)
        if network.isConfigOnly { return try configOnly(network, request) }
        if !network.configFrom.isEmpty {
            try adoptConfiguration(&network, request, around)
        } else {
            network.options.merge(around.defaultOptions[network.driver] ?? [:]) { own, _ in own }
            _ = try GenericOptions.advertisement(network.options)
        }
        let driver = try around.drivers.named(network.driver)
        if network.isIngress {
            throw EngineError(.forbidden, "Ingress network can only be global scope network")
        }
        for family in [true, false] { _ = try driver.needsGateway(family ? .ipv4 : .ipv6, network) }
        return network
    }

    private static func refuseSwarm(_ request: NetworkRequest) throws(EngineError) {
        if request.driver == "overlay" {
            throw EngineError(
                .forbidden,
                "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again."
            )
        }
        if request.scope == "swarm" {
            throw EngineError(.forbidden, "cannot create a swarm scoped network when swarm is not active")
        }
    }

    /// A configuration is only kept: nothing is allocated for it, and no driver sees it.
    private static func configOnly(_ network: Network, _ request: NetworkRequest) throws(EngineError) -> Network {
        if request.isIngress || request.isInternal || request.isAttachable || !request.scope.isEmpty {
            throw EngineError(
                .forbidden,
                "configuration network can only contain network specific fields. Network operator fields like [ ingress | internal | attachable | scope ] are not supported."
            )
        }
        if !network.configFrom.isEmpty {
            throw EngineError(
                .forbidden, "a configuration network cannot depend on another configuration network")
        }
        _ = try GenericOptions.advertisement(network.options)
        var network = network
        network.scope = "local"
        network.driver = "null"
        return network
    }

    private static func adoptConfiguration(
        _ network: inout Network, _ request: NetworkRequest, _ around: Surroundings
    ) throws(EngineError) {
        let ipam = request.ipam
        let hasOwnConfiguration =
            network.ipamDriver != "default" || !network.enableIPv4 || network.enableIPv6 || !network.labels.isEmpty
            || ipam?.options?.isEmpty == false || ipam?.config.isEmpty == false
        if hasOwnConfiguration {
            throw EngineError(
                .forbidden,
                "user-specified configurations are not supported if the network depends on a configuration network")
        }
        if !network.options.isEmpty {
            throw EngineError(
                .forbidden,
                "network driver options are not supported if the network depends on a configuration network")
        }
        guard let source = around.configuration(network.configFrom) else {
            throw EngineError(.notFound, "configuration network \"\(network.configFrom)\" does not exist")
        }
        network.enableIPv4 = source.enableIPv4
        network.enableIPv6 = source.enableIPv6
        network.labels = source.labels
        network.ipamDriver = source.ipamDriver
        network.ipamOptions = source.ipamOptions
        network.ipamConfig = source.ipamConfig
        network.options = source.options
    }
}

extension String {
    var nonEmpty: String? { isEmpty ? nil : self }
}
