public import NetworkModel
public import OrderedCollections

/// A `POST /containers/create` that asks only for what is built, decoded.
public struct ContainerRequest: Sendable {
    /// Nil: one is made up.
    public var name: String?
    public var config: ContainerConfig
    public var host: HostConfig
    /// `NetworkingConfig.EndpointsConfig`, in the order given.
    public var attachments: OrderedDictionary<String, EndpointSettings>

    public init(
        name: String?, config: ContainerConfig, host: HostConfig,
        attachments: OrderedDictionary<String, EndpointSettings>
    ) {
        self.name = name
        self.config = config
        self.host = host
        self.attachments = attachments
    }
}

/// What `POST /containers/{id}/wait` waits for.
public enum WaitCondition: String, Sendable {
    case notRunning = "not-running"
    case nextExit = "next-exit"
    case removed
}
