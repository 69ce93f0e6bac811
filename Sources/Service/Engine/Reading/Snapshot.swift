public import HashTreeCollections
public import NetworkModel

/// Everything a reader may see, at one moment. Immutable and persistent: publishing costs by the change.
public struct Snapshot: Sendable {
    /// Grows with every publication.
    public var generation: UInt64 = 0
    public private(set) var networks: TreeDictionary<ObjectID, NetworkEntry> = [:]
    public private(set) var networkIDs: TreeDictionary<String, ObjectID> = [:]
    public private(set) var containers: TreeDictionary<ObjectID, ContainerEntry> = [:]
    public private(set) var containerIDs: TreeDictionary<String, ObjectID> = [:]
    /// By the short id that people type; nearly always one each.
    private(set) var networksByShortID: TreeDictionary<String, [ObjectID]> = [:]
    private(set) var containersByShortID: TreeDictionary<String, [ObjectID]> = [:]
    /// Grows by one whenever a network comes, goes or changes; what is attached to it doesn't count.
    public private(set) var networkChanges: UInt64 = 0
    /// Whose changes the last ones were, newest last.
    private var lastChanged: [ObjectID] = []

    public init() {}

    /// Adds a network, or puts the entry in the place of the one with its id.
    public mutating func insert(_ entry: NetworkEntry) {
        let network = entry.network
        if let old = networks.updateValue(entry, forKey: network.id) {
            if old.network != network { noteChange(of: network.id) }
        } else {
            networksByShortID[network.id.short, default: []].append(network.id)
            noteChange(of: network.id)
        }
        networkIDs[network.name] = network.id
    }

    public mutating func remove(_ network: Network) {
        if networks.removeValue(forKey: network.id) != nil { noteChange(of: network.id) }
        networksByShortID.forget(network.id)
        if networkIDs[network.name] == network.id { networkIDs[network.name] = nil }
    }

    /// The networks that changed since `networkChanges` was that; nil when that is too long ago to tell.
    public func networksChanged(since count: UInt64) -> Set<ObjectID>? {
        guard count <= networkChanges, networkChanges - count <= UInt64(lastChanged.count) else { return nil }
        return Set(lastChanged.suffix(Int(networkChanges - count)))
    }

    private mutating func noteChange(of network: ObjectID) {
        networkChanges += 1
        lastChanged.append(network)
        if lastChanged.count > 256 { lastChanged.removeFirst(128) }
    }

    /// Adds a container, or puts the entry in the place of the one with its id, whose name may have been another.
    public mutating func insert(_ entry: ContainerEntry) {
        let container = entry.container
        if let old = containers.updateValue(entry, forKey: container.id) {
            if old.container.name != container.name { containerIDs[old.container.name] = nil }
        } else {
            containersByShortID[container.id.short, default: []].append(container.id)
        }
        containerIDs[container.name] = container.id
    }

    public mutating func remove(_ container: Container) {
        containers[container.id] = nil
        containersByShortID.forget(container.id)
        if containerIDs[container.name] == container.id { containerIDs[container.name] = nil }
    }
}

extension TreeDictionary<String, [ObjectID]> {
    /// Takes an id out of those with its short form.
    fileprivate mutating func forget(_ id: ObjectID) {
        self[id.short]?.removeAll { $0 == id }
        if self[id.short]?.isEmpty == true { self[id.short] = nil }
    }
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
