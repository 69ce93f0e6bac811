public import IPAM
public import NetworkModel

/// What `/info` and `/version` tell of the machine and of this daemon.
public struct HostDescription: Sendable {
    /// Of this daemon: made at first start, kept in the store.
    public var id: String
    public var name: String
    public var serverVersion: String
    public var kernelVersion: String
    public var operatingSystem: String
    public var osVersion: String
    /// As `uname -m` has it.
    public var architecture: String
    public var cpus: Int
    public var memoryBytes: Int64
    public var dataRoot: String
    public var labels: [String]
    public var defaultAddressPools: [DefaultPool]?
    public var isForwardingIPv4: Bool
    public var isDebug: Bool
    public var started: Timestamp

    public init(
        id: String, name: String, serverVersion: String, kernelVersion: String = "", operatingSystem: String = "",
        osVersion: String = "", architecture: String = "", cpus: Int = 0, memoryBytes: Int64 = 0, dataRoot: String = "",
        labels: [String] = [], defaultAddressPools: [DefaultPool]? = nil, isForwardingIPv4: Bool = false,
        isDebug: Bool = false, started: Timestamp = .zero
    ) {
        self.id = id
        self.name = name
        self.serverVersion = serverVersion
        self.kernelVersion = kernelVersion
        self.operatingSystem = operatingSystem
        self.osVersion = osVersion
        self.architecture = architecture
        self.cpus = cpus
        self.memoryBytes = memoryBytes
        self.dataRoot = dataRoot
        self.labels = labels
        self.defaultAddressPools = defaultAddressPools
        self.isForwardingIPv4 = isForwardingIPv4
        self.isDebug = isDebug
        self.started = started
    }
}
