public import Addressing
public import Dataplane
public import NetworkModel

/// `host`: the container is in the daemon's own namespace, so there is nothing to make.
public struct HostDriver: NetworkDriver {
    public let name = "host"
    public init() {}

    public func validate(_ network: Network, among others: some Collection<Network>) throws(EngineError) {
        try refuseSecond(name, among: others)
    }
}

/// `none`, whose driver is called `null`: a namespace with only `lo`.
public struct NullDriver: NetworkDriver {
    public let name = "null"
    public init() {}

    public func validate(_ network: Network, among others: some Collection<Network>) throws(EngineError) {
        try refuseSecond(name, among: others)
    }
}

private func refuseSecond(_ driver: String, among others: some Collection<Network>) throws(EngineError) {
    if others.contains(where: { $0.driver == driver && !$0.isConfigOnly }) {
        throw EngineError(.forbidden, "only one instance of \"\(driver)\" network is allowed")
    }
}

/// Drivers without links of their own.
extension NetworkDriver {
    public func needsGateway(_ family: AddressFamily, _ network: Network) -> Bool { false }
    public func desired(for network: Network, on host: HostFeatures) -> State { State() }
    public func desired(
        for endpoint: Endpoint, on network: Network, in namespace: Namespace, host: HostFeatures
    ) -> State { State() }
    public func gateway(_ family: AddressFamily, of network: Network) -> IPAddress? { nil }
    public func interfacePrefix(of network: Network) -> String? { nil }
}
