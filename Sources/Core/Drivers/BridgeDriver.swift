public import Addressing
public import Dataplane
public import NetworkModel

/// `bridge`: a Linux bridge in the daemon's namespace, a veth pair for each endpoint (Docker, "Bridge network
/// driver"; docker-network-api 3.2).
public struct BridgeDriver: NetworkDriver {
    public let name = "bridge"
    /// The one interface that a network marked as the default bridge may have.
    public let defaultBridge: String

    public init(defaultBridge: String) {
        self.defaultBridge = defaultBridge
    }

    /// - Throws: what `BridgeOptions.parse` throws.
    public func options(of network: Network) throws(EngineError) -> BridgeOptions {
        try BridgeOptions.parse(network.options, isInternal: network.isInternal, defaultBridge: defaultBridge)
    }

    public func needsGateway(_ family: AddressFamily, _ network: Network) throws(EngineError) -> Bool {
        let options = try options(of: network)
        guard network.isInternal else { return true }
        if family == .ipv4, options.inhibitIPv4 { return false }
        return options.gatewayMode(family) != .isolated
    }

    public func interfacePrefix(of network: Network) throws(EngineError) -> String? {
        try options(of: network).containerInterfacePrefix
    }

    public func gateway(_ family: AddressFamily, of network: Network) throws(EngineError) -> IPAddress? {
        if network.isInternal { return nil }
        let key = family == .ipv4 ? "DefaultGatewayIPv4" : "DefaultGatewayIPv6"
        for pool in network.pools(of: family) {
            if let named = pool.auxiliaryAddresses[key] { return named }
        }
        return network.pools(of: family).first?.gateway
    }

    public func desired(for network: Network, on host: HostFeatures) throws(EngineError) -> State {
        let options = try options(of: network)
        let id = LinkID(Self.interface(of: network, options))
        let hasIPv6 = network.enableIPv6 && options.gatewayMode(.ipv6) != .isolated
        var state = State()
        state.insert(
            LinkSpec(
                id: id, kind: .bridge, alias: "fairlead:\(network.id)", mac: .derived(from: network.id),
                mtu: options.mtu > 0 ? UInt32(clamping: options.mtu) : nil, withoutLinkLocal: !hasIPv6))
        state.addresses = Set(Self.addresses(of: network, options).map { AddressSpec(link: id, prefix: $0) })
        if host.hasIPv6 {
            let settings = "net/ipv6/conf/\(id.name)"
            // In either direction: the host's default may be 1, and a default bridge can change.
            state.sysctls[SysctlID("\(settings)/disable_ipv6")] = hasIPv6 ? "0" : "1"
            // A router advertisement from a container must never become a route of the host's.
            if hasIPv6 { state.sysctls[SysctlID("\(settings)/accept_ra")] = "0" }
        }
        return state
    }

    /// The bridge's name: the option, or `br-` and the id's first twelve digits.
    public static func interface(of network: Network, _ options: BridgeOptions) -> String {
        options.interface ?? "br-\(network.id.short)"
    }

    /// The gateways' addresses that the bridge itself has.
    private static func addresses(of network: Network, _ options: BridgeOptions) -> [IPPrefix] {
        network.pools.compactMap { pool in
            let family = pool.subnet.family
            guard let gateway = pool.gateway, options.gatewayMode(family) != .isolated else { return nil }
            if family == .ipv4, options.inhibitIPv4 { return nil }
            return pool.subnet.with(gateway)
        }
    }
}

extension MACAddress {
    /// A locally administered unicast address (IEEE 802, clause 8.4) that stays the same for an object: ids are
    /// random, and a bridge's address must survive a restart.
    public static func derived(from id: ObjectID) -> MACAddress {
        var generator = Seed(text: id.text)
        return .random(using: &generator)
    }
}

/// Random numbers that repeat for the same text: FNV-1a (RFC 9923) for the start, then SplitMix64.
private struct Seed: RandomNumberGenerator {
    private var state: UInt64

    init(text: String) {
        state = text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
