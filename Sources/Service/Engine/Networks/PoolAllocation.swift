import Addressing
import Drivers
import IPAM
import NetworkModel

extension IPAM {
    /// Everything a network's configuration asks for, all or none (docker-network-api 2.4, step 13).
    ///
    /// - Returns: the pools in the order inspect shows them.
    mutating func allocate(
        for network: Network, driver: any NetworkDriver, host: HostAddressing
    ) throws(EngineError) -> [Pool] {
        guard network.driver != "host", network.driver != "null" else { return [] }
        if network.ipamDriver == "null" { return try Self.nullPools(network) }
        guard network.ipamDriver == "default" else {
            throw EngineError(.notFound, "plugin \"\(network.ipamDriver)\" not found")
        }
        var pools: [Pool] = []
        do {
            for family in AddressFamily.allCases where network.isEnabled(family) {
                let needsGateway = try driver.needsGateway(family, network)
                for config in Self.requests(family, network) {
                    pools.append(
                        try allocate(
                            family, config: config, needsGateway: needsGateway, scope: network.scope, host: host))
                }
            }
        } catch {
            for pool in pools { release(pool) }
            throw error
        }
        // Docker lists the family whose subnet was given first when only one was.
        return pools.filter(\.isStatic) + pools.filter { !$0.isStatic }
    }

    /// The entries for a family; a dynamic one if none has a subnet. An entry without a subnet counts as IPv6.
    private static func requests(_ family: AddressFamily, _ network: Network) -> [IPAMConfig?] {
        let own = network.ipamConfig.filter { ($0.subnet?.family ?? .ipv6) == family }
        return own.isEmpty ? [nil] : own
    }

    /// The `null` IPAM driver knows no addresses.
    private static func nullPools(_ network: Network) throws(EngineError) -> [Pool] {
        if network.ipamConfig.contains(where: { $0.subnet != nil }) {
            throw EngineError(
                .invalidArgument, "null ipam driver does not handle specific address pool requests")
        }
        return []
    }
}
