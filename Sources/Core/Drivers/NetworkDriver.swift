public import Addressing
public import Dataplane
public import NetworkModel

/// Turns a kind of network into the kernel state it needs. Pure: no driver touches the world.
public protocol NetworkDriver: Sendable {
    /// As `Driver` in the API.
    var name: String { get }

    /// Whether a gateway address has to be reserved in the network's subnet of that family.
    ///
    /// - Throws: 400 for options that can't be parsed: before any address is asked for.
    func needsGateway(_ family: AddressFamily, _ network: Network) throws(EngineError) -> Bool

    /// Checks what only the driver can: its own rules, and conflicts with the networks there are.
    func validate(_ network: Network, among others: some Collection<Network>) throws(EngineError)

    /// The network's own links, addresses and sysctls.
    func desired(for network: Network, on host: HostFeatures) throws(EngineError) -> State

    /// What an endpoint adds, default routes excepted: those are elected among a container's endpoints.
    func desired(
        for endpoint: Endpoint, on network: Network, in namespace: Namespace, host: HostFeatures
    ) throws(EngineError) -> State

    /// The address a container would use as gateway, if any.
    func gateway(_ family: AddressFamily, of network: Network) throws(EngineError) -> IPAddress?

    /// The prefix of interface names in a container; nil: endpoints have no interface.
    func interfacePrefix(of network: Network) throws(EngineError) -> String?
}

/// What of the host a driver has to know.
public struct HostFeatures: Sendable, Hashable {
    /// Whether the kernel has IPv6 at all (`ipv6.disable=1` takes even its sysctls away).
    public var hasIPv6: Bool

    public init(hasIPv6: Bool = true) {
        self.hasIPv6 = hasIPv6
    }
}

/// The drivers there are.
public struct Drivers: Sendable {
    public let bridge: BridgeDriver
    /// Sorted by name.
    public let all: [any NetworkDriver]

    /// - Parameter defaultBridge: `fairlead0`, or `docker0` when started as dockerd.
    public init(defaultBridge: String = "fairlead0") {
        bridge = BridgeDriver(defaultBridge: defaultBridge)
        all = [bridge, HostDriver(), NullDriver()]
    }

    /// - Throws: 404 `plugin "<name>" not found`.
    public func named(_ name: String) throws(EngineError) -> any NetworkDriver {
        guard let driver = all.first(where: { $0.name == name }) else {
            throw EngineError(.notFound, "plugin \"\(name)\" not found")
        }
        return driver
    }
}
