public import OrderedCollections

/// A network namespace with a name: the Docker API's container.
public struct Container: Sendable, Hashable {
    public let id: ObjectID
    /// Without the leading slash.
    public var name: String
    public var created: Timestamp
    public var config: ContainerConfig
    public var host: HostConfig
    /// The networks it is, or will be, on: by the key the client gave until a start makes it the network's name;
    /// in the order given.
    public var attachments: OrderedDictionary<String, EndpointSettings>
    public var state: ContainerState
    /// There while it runs.
    public var sandbox: Sandbox?

    public init(
        id: ObjectID, name: String, created: Timestamp, config: ContainerConfig, host: HostConfig,
        attachments: OrderedDictionary<String, EndpointSettings>, state: ContainerState = ContainerState(),
        sandbox: Sandbox? = nil
    ) {
        self.id = id
        self.name = name
        self.created = created
        self.config = config
        self.host = host
        self.attachments = attachments
        self.state = state
        self.sandbox = sandbox
    }

    /// The label that hands an existing namespace over: a path, or `pid:N`.
    public static let adoptionLabel = "io.fairlead.netns"

    /// What the adoption label says, if the container has it.
    public var adoption: String? { config.labels[Self.adoptionLabel] }
}

/// The half of a container that moves with it: kept and shown.
public struct ContainerConfig: Sendable, Hashable {
    public var hostname = ""
    public var domainname = ""
    public var user = ""
    public var image = ""
    public var environment: [String]?
    public var labels: [String: String] = [:]
    /// `80/tcp` keys, as the client wrote them, normalised.
    public var exposedPorts: [String] = []
    public var attachStdin = false
    public var attachStdout = false
    public var attachStderr = false
    public var tty = false
    public var openStdin = false
    public var stdinOnce = false
    public var workingDirectory = ""
    public var stopSignal: String?
    /// In seconds.
    public var stopTimeout: Int?
    public var networkDisabled = false

    public init() {}
}

/// The half that belongs to this host.
public struct HostConfig: Sendable, Hashable {
    public var networkMode: NetworkMode = .bridge
    public var restartPolicy = RestartPolicy()
    public var autoRemove = false

    public init() {}
}

/// When a container that ended by itself is started again (Docker, "Start containers automatically").
public struct RestartPolicy: Sendable, Hashable {
    public enum Name: String, Sendable, Hashable {
        case no
        case always
        case onFailure = "on-failure"
        case unlessStopped = "unless-stopped"
    }

    public var name: Name
    /// Only with `on-failure`; 0 is without end.
    public var maximumRetryCount: Int

    public init(name: Name = .no, maximumRetryCount: Int = 0) {
        self.name = name
        self.maximumRetryCount = maximumRetryCount
    }
}
