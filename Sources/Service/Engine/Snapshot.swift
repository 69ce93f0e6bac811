public import HashTreeCollections
public import NetworkModel

/// Everything a reader may see, at one moment. Immutable and persistent: publishing costs by the change.
public struct Snapshot: Sendable {
    /// Grows with every publication.
    public var generation: UInt64 = 0
    public var networks: TreeDictionary<ObjectID, NetworkEntry> = [:]
    public var networkIDs: TreeDictionary<String, ObjectID> = [:]
    public var containers: TreeDictionary<ObjectID, ContainerEntry> = [:]
    public var containerIDs: TreeDictionary<String, ObjectID> = [:]

    public init() {}
}

/// A network with what inspect tells of it.
public struct NetworkEntry: Sendable {
    public var network: Network
    /// The endpoints that exist now, in the order they came.
    public var endpoints: [Endpoint] = []
    /// How full each subnet is, in the order of `network.pools`.
    public var usage: [PoolUsage] = []
    /// Changes whenever anything in this entry does: with the id, a key for cached response bytes.
    public var generation: UInt64 = 0
}

/// How full a subnet is (Docker API 1.52, `Status.IPAM`). Both numbers saturate at 2^64-1.
public struct PoolUsage: Sendable, Hashable {
    public let inUse: UInt64
    public let dynamicAvailable: UInt64

    public init(inUse: UInt64, dynamicAvailable: UInt64) {
        self.inUse = inUse
        self.dynamicAvailable = dynamicAvailable
    }
}

/// A container with its endpoints.
public struct ContainerEntry: Sendable {
    public var container: Container
    /// In the order they were joined; empty unless it runs.
    public var endpoints: [Endpoint] = []
    public var generation: UInt64 = 0
}
