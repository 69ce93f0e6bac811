import Addressing
import Drivers
import IPAM
import NetworkModel

/// Makes endpoints: what a container gets on a network. Reserves addresses; whoever drops an endpoint that never came
/// to be calls `giveBack`.
extension Engine {
    /// - Throws: what docker-network-api 2.5 lists from step 11 on, as far as no kernel is needed for it.
    func makeEndpoint(
        of container: Container, on network: Network, _ settings: EndpointSettings, beside others: [Endpoint],
        foreignInterfaces: Set<String> = []
    ) throws(EngineError) -> Endpoint {
        if network.isConfigOnly {
            throw EngineError(.forbidden, "cannot create endpoint on configuration-only network")
        }
        for link in settings.links ?? [] { try Self.checkLink(link) }
        let driver = try drivers.named(network.driver)
        let isUserDefined = !NetworkDraft.predefined.contains(network.name)
        var endpoint = Endpoint(
            id: .random(), network: network.id, container: container.id, name: container.name,
            linkLocal: try linkLocal(settings), driverOptions: settings.driverOptions ?? [:],
            gatewayPriority: settings.gatewayPriority, order: (others.map(\.order).max() ?? -1) + 1)
        if isUserDefined { endpoint.dnsNames = container.dnsNames(aliases: settings.aliases ?? []) }
        guard let prefix = try driver.interfacePrefix(of: network) else { return endpoint }
        endpoint.interface = try interfaceName(
            prefix, settings, used: foreignInterfaces.union(others.map(\.interface)))
        endpoint.hostInterface = makeHostInterface()
        var generator = SystemRandomNumberGenerator()
        endpoint.mac = settings.mac ?? .random(using: &generator)
        try reserveAddresses(&endpoint, network, settings, driver)
        hostInterfaces.insert(endpoint.hostInterface)
        return endpoint
    }

    /// Undoes `makeEndpoint`, or frees what an endpoint had once it is gone.
    func giveBack(_ endpoint: Endpoint, of network: Network) {
        for prefix in endpoint.addresses {
            guard let pool = network.pools.first(where: { $0.subnet.contains(prefix.address) }) else { continue }
            ipam.releaseAddress(prefix.address, in: pool.subnet)
        }
        hostInterfaces.remove(endpoint.hostInterface)
        recount(network.id)
    }

    private func reserveAddresses(
        _ endpoint: inout Endpoint, _ network: Network, _ settings: EndpointSettings, _ driver: any NetworkDriver
    ) throws(EngineError) {
        do {
            for family in AddressFamily.allCases where network.isEnabled(family) {
                // Docker releases the address of a family that the endpoint's own sysctls switch off.
                if family == .ipv6, settings.disablesIPv6 { continue }
                endpoint.addresses.append(
                    try reserve(family, on: network, settings.address(of: family), for: endpoint.container))
                if let gateway = try driver.gateway(family, of: network) { endpoint.gateways.append(gateway) }
            }
        } catch {
            giveBack(endpoint, of: network)
            throw error
        }
    }

    private func reserve(
        _ family: AddressFamily, on network: Network, _ wanted: IPAddress?, for container: ObjectID
    ) throws(EngineError) -> IPPrefix {
        let pools = network.pools(of: family)
        if let wanted {
            guard let pool = pools.first(where: { $0.subnet.contains(wanted) }) else {
                throw EngineError(
                    .invalidArgument, "invalid address \(wanted): It does not belong to any of this network's subnets")
            }
            return pool.subnet.with(
                try ipam.requestAddress(in: pool.subnet, range: nil, preferred: wanted, avoiding: []))
        }
        let claimed = claims(on: network, except: container)
        for pool in pools {
            if let address = try? ipam.requestAddress(
                in: pool.subnet, range: pool.range, preferred: nil, avoiding: claimed)
            {
                return pool.subnet.with(address)
            }
        }
        throw EngineError(
            .system,
            "no available \(family == .ipv4 ? "IPv4" : "IPv6") addresses on this network's address pools: \(network.name) (\(network.id))"
        )
    }

    /// Static addresses of containers that don't run: given to another only when nothing else is free.
    private func claims(on network: Network, except container: ObjectID) -> Set<IPAddress> {
        var claimed: Set<IPAddress> = []
        for id in staticClaims.keys where id != container {
            for claim in staticClaims[id] ?? [] where claim.key == network.name || claim.key == network.id.text {
                claimed.insert(claim.address)
            }
        }
        return claimed
    }

    /// `container` or `container:alias` (moby `opts.ParseLink`). The container need not exist.
    private static func checkLink(_ link: String) throws(EngineError) {
        if link.isEmpty { throw EngineError(.system, "empty string specified for links") }
        if link.split(separator: ":", omittingEmptySubsequences: false).count > 2 {
            throw EngineError(.system, "bad format for links: \(link)")
        }
    }

    private func linkLocal(_ settings: EndpointSettings) throws(EngineError) -> [IPAddress] {
        for address in settings.ipam?.linkLocal ?? [] where !address.isLinkLocalUnicast {
            throw EngineError(.invalidArgument, "invalid link local IP address: \(address)")
        }
        return settings.ipam?.linkLocal ?? []
    }

    /// The name the client asked for, or the lowest unused number of the prefix.
    private func interfaceName(
        _ prefix: String, _ settings: EndpointSettings, used: Set<String>
    ) throws(EngineError) -> String {
        if let wanted = settings.driverOptions?["com.docker.network.endpoint.ifname"], !wanted.isEmpty {
            guard InterfaceName(wanted) != nil else {
                throw EngineError(
                    .system, "error renaming interface \"\(makeHostInterface())\" to \"\(wanted)\": invalid argument")
            }
            if used.contains(wanted) || wanted == "lo" {
                throw EngineError(
                    .system, "error renaming interface \"\(makeHostInterface())\" to \"\(wanted)\": file exists")
            }
            return wanted
        }
        var number = 0
        while used.contains("\(prefix)\(number)") { number += 1 }
        return "\(prefix)\(number)"
    }

    /// `veth` and seven hexadecimal digits that no endpoint has.
    private func makeHostInterface() -> String {
        while true {
            let name = "veth" + ObjectID.random().text.prefix(7)
            if !hostInterfaces.contains(name) { return name }
        }
    }
}

extension EndpointSettings {
    /// Whether the driver option of sysctls sets `net.ipv6.conf.IFNAME.disable_ipv6=1`.
    fileprivate var disablesIPv6: Bool {
        EndpointSysctls.settings(driverOptions?[EndpointSysctls.option] ?? "").contains { setting in
            setting.path(interface: "x") == "net/ipv6/conf/x/disable_ipv6" && setting.value != "0"
        }
    }
}
