public import NetworkModel

/// All that the store holds, as it was committed last.
public struct StoredState: Sendable, Equatable {
    /// Oldest first.
    public var networks: [Network]
    /// By container, in the order joined.
    public var endpoints: [Endpoint]
    /// Oldest first.
    public var containers: [Container]
    public var settings: [String: String]

    public init(
        networks: [Network] = [], endpoints: [Endpoint] = [], containers: [Container] = [],
        settings: [String: String] = [:]
    ) {
        self.networks = networks
        self.endpoints = endpoints
        self.containers = containers
        self.settings = settings
    }
}

/// One change to what is stored. A put adds the object or replaces the one with its id.
///
/// Within a request, changes are made in order and checked one by one: an endpoint goes before its network or
/// container, and comes after them.
public enum Write: Sendable {
    /// The network with its pools, gateways and auxiliary addresses.
    case putNetwork(Network)
    case removeNetwork(ObjectID)
    /// The endpoint with its addresses.
    case putEndpoint(Endpoint)
    case removeEndpoint(ObjectID)
    case putContainer(Container)
    case removeContainer(ObjectID)
    /// A value of nil removes the setting.
    case setSetting(String, String?)
}
