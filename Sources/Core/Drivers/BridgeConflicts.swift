import Addressing
public import NetworkModel

extension BridgeDriver {
    /// The checks of docker-network-api 2.4, "Bridge-specific", that come after the addresses are allocated.
    public func validate(_ network: Network, among others: some Collection<Network>) throws(EngineError) {
        let options = try options(of: network)
        guard network.enableIPv4 || network.enableIPv6 else {
            throw EngineError(.invalidArgument, "IPv4 or IPv6 must be enabled")
        }
        for family in AddressFamily.allCases where network.isEnabled(family) {
            let pools = network.pools(of: family)
            if pools.isEmpty { throw EngineError(.invalidArgument, "\(family) pool is empty") }
            if pools.count > 1 {
                throw EngineError(.forbidden, "bridge driver doesn't support multiple subnets")
            }
        }
        try Self.validateName(Self.interface(of: network, options))
        try Self.validateSubnets(network)
        try Self.validateNamedGateways(network)
        try refuseConflicts(network, options, among: others)
    }

    /// What the kernel would say of the name, before any rule names it: rtnetlink's policy for IFLA_IFNAME, and
    /// `dev_valid_name` in net/core/dev.c.
    private static func validateName(_ name: String) throws(EngineError) {
        if name.utf8.count > 15 {
            throw EngineError(.system, "bridge \(name): numerical result out of range")
        }
        if InterfaceName(name) == nil { throw EngineError(.system, "bridge \(name): invalid argument") }
    }

    private static func validateSubnets(_ network: Network) throws(EngineError) {
        for pool in network.pools(of: .ipv6) {
            if pool.subnet.address.isMulticast {
                throw EngineError(.invalidArgument, "multicast subnet '\(pool.subnet)' is not allowed")
            }
            if pool.subnet != linkLocal, pool.subnet.overlaps(linkLocal) {
                throw EngineError(
                    .invalidArgument, "'\(pool.subnet)' clashes with the Link-Local prefix '\(linkLocal)'")
            }
        }
    }

    private static func validateNamedGateways(_ network: Network) throws(EngineError) {
        for pool in network.pools {
            let key = pool.subnet.family == .ipv4 ? "DefaultGatewayIPv4" : "DefaultGatewayIPv6"
            guard let gateway = pool.auxiliaryAddresses[key] else { continue }
            if network.isInternal {
                throw EngineError(.invalidArgument, "no gateway can be set on an internal bridge network")
            }
            if !pool.subnet.contains(gateway) {
                throw EngineError(.invalidArgument, "default gateway ip must be part of the network")
            }
        }
    }

    private func refuseConflicts(
        _ network: Network, _ options: BridgeOptions, among others: some Collection<Network>
    ) throws(EngineError) {
        let bridge = Self.interface(of: network, options)
        for other in others where other.driver == "bridge" && !other.isConfigOnly {
            let otherBridge = Self.interface(of: other, try self.options(of: other))
            let conflict: String
            if otherBridge == bridge {
                conflict = "networks have same bridge name"
            } else if let family = Self.overlap(network, other) {
                conflict = "networks have overlapping \(family == .ipv4 ? "IPv4" : "IPv6")"
            } else {
                continue
            }
            throw EngineError(
                .forbidden,
                "cannot create network \(network.id) (\(bridge)): conflicts with network \(other.id) (\(otherBridge)): \(conflict)"
            )
        }
    }

    private static func overlap(_ network: Network, _ other: Network) -> AddressFamily? {
        for pool in network.pools where other.pools.contains(where: { $0.subnet.overlaps(pool.subnet) }) {
            return pool.subnet.family
        }
        return nil
    }

    private static let linkLocal = IPPrefix.linkLocal(.ipv6)
}
