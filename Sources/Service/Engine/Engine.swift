import Addressing
import Dataplane
import Drivers
import HashTreeCollections
import IPAM
public import Logging
public import NetworkModel
public import Persistence
import Synchronization
public import Reconciler

/// The use cases of Docker's network API: decides, has the store keep it and the Reconciler make it true, tells the
/// world, in that order.
///
/// One actor holds the state in memory. Between reading and reserving there is no suspension; waits for the store
/// and the kernel come after.
public actor Engine {
    let store: Store
    let reconciler: Reconciler
    let platform: any HostPlatform
    let drivers: Drivers
    let configuration: EngineConfiguration
    let logger: Logger

    public nonisolated let events = EventJournal()
    nonisolated let description: Mutex<HostDescription>
    private nonisolated let published = Mutex(Snapshot())

    /// The newest state, published or about to be.
    var current = Snapshot()
    var ipam: IPAM
    var locks = ObjectLocks()
    /// Names given to a network that is still being made.
    var reservedNetworkNames: Set<String> = []
    /// Names given to a container that is still being made or renamed, and whose they will be.
    var reservedContainerNames: [String: ObjectID] = [:]
    /// Which network has a bridge of that name.
    var bridges: [String: ObjectID] = [:]
    /// The host ends of all endpoints.
    var hostInterfaces: Set<String> = []
    /// Identities of the adopted namespaces, one container each.
    var adopted: [String: ObjectID] = [:]
    var isPruning = false
    nonisolated let waits = WaitRegistry()
    /// Static addresses that containers which do not run would like to have, by the key they gave the network.
    var staticClaims: [ObjectID: [(key: String, address: IPAddress)]] = [:]
    /// Families whose forwarding we turned on.
    var forwardingTurnedOn: Set<AddressFamily> = []
    var restarts: [ObjectID: Task<Void, Never>] = [:]
    var owed = Owed()
    /// Tries to tell it, as long as there is something.
    var paying: Task<Void, Never>?
    /// Networks whose addresses are reserved while they are being made.
    var drafts: [ObjectID: Network] = [:]
    /// Which networks have a subnet.
    var subnetOwners: [IPPrefix: Set<ObjectID>] = [:]
    /// Networks on a bridge that was there before them, and whether its gateway address is of our making.
    var adoptedBridges: [ObjectID: AdoptedBridge] = [:]
    /// The containers that share a sandbox of another's.
    var sharers: [ObjectID: Set<ObjectID>] = [:]
    /// Keeps changes of what there is without any network in order.
    let hostLock = ObjectID.random()
    /// Addresses whose earlier owner's connections are being ended.
    var forgetting: [IPAddress: (number: Int, task: Task<Void, Never>)] = [:]
    /// Containers that a restart policy wants and that had no namespace when the daemon came up.
    var startsAfterBoot: [ObjectID] = []

    public init(
        store: Store, reconciler: Reconciler, platform: any HostPlatform, configuration: EngineConfiguration,
        host: HostDescription, logger: Logger
    ) throws(EngineError) {
        self.store = store
        self.reconciler = reconciler
        self.platform = platform
        self.configuration = configuration
        description = Mutex(host)
        self.logger = logger
        drivers = Drivers(defaultBridge: configuration.defaultBridge.interface)
        ipam = IPAM(pools: configuration.defaultAddressPools, hostID: host.id)
    }

    /// What readers see: everything up to the last answered change.
    public nonisolated var snapshot: Snapshot { published.withLock { $0 } }

    /// The snapshot's generation.
    public nonisolated var generation: UInt64 { published.withLock(\.generation) }

    /// Makes the current state what readers see.
    func publish() {
        current.generation += 1
        let snapshot = current
        published.withLock { $0 = snapshot }
    }

    // MARK: The state in memory

    func put(_ network: Network) {
        var entry = current.networks[network.id] ?? NetworkEntry(network: network)
        entry.network = network
        refresh(&entry)
        current.insert(entry)
        claim(network)
    }

    func remove(_ network: Network) {
        current.remove(network)
        unclaim(network)
    }

    /// Notes the bridge and subnets as the network's.
    func claim(_ network: Network) {
        if let bridge = try? bridge(of: network) { bridges[bridge] = network.id }
        for pool in network.pools { subnetOwners[pool.subnet, default: []].insert(network.id) }
    }

    func unclaim(_ network: Network) {
        if let bridge = try? bridge(of: network), bridges[bridge] == network.id { bridges[bridge] = nil }
        for pool in network.pools {
            subnetOwners[pool.subnet]?.remove(network.id)
            if subnetOwners[pool.subnet]?.isEmpty == true { subnetOwners[pool.subnet] = nil }
        }
    }

    func put(_ container: Container) {
        var entry = current.containers[container.id] ?? ContainerEntry(container: container)
        noteSharing(entry.container, false)
        noteSharing(container, true)
        entry.container = container
        entry.generation = current.generation + 1
        current.insert(entry)
        let claims =
            container.state.isRunning
            ? []
            : container.attachments.flatMap { key, settings in
                AddressFamily.allCases.compactMap { settings.address(of: $0) }.map { (key: key, address: $0) }
            }
        staticClaims[container.id] = claims.isEmpty ? nil : claims
    }

    func remove(_ container: Container) {
        current.remove(container)
        noteSharing(container, false)
        staticClaims[container.id] = nil
    }

    private func noteSharing(_ container: Container, _ isSharing: Bool) {
        guard container.host.networkMode.isShared, let sandbox = container.sandbox else { return }
        if isSharing {
            sharers[sandbox.id, default: []].insert(container.id)
        } else {
            sharers[sandbox.id]?.remove(container.id)
            if sharers[sandbox.id]?.isEmpty == true { sharers[sandbox.id] = nil }
        }
    }

    func put(_ endpoint: Endpoint) {
        if var entry = current.networks[endpoint.network] {
            entry.endpoints.removeAll { $0.id == endpoint.id }
            entry.endpoints.append(endpoint)
            refresh(&entry)
            current.insert(entry)
        }
        if var entry = current.containers[endpoint.container] {
            entry.endpoints.removeAll { $0.id == endpoint.id }
            entry.endpoints.append(endpoint)
            entry.endpoints.sort { $0.order < $1.order }
            entry.generation = current.generation + 1
            current.insert(entry)
        }
        if !endpoint.hostInterface.isEmpty { hostInterfaces.insert(endpoint.hostInterface) }
    }

    func remove(_ endpoint: Endpoint) {
        if var entry = current.networks[endpoint.network] {
            entry.endpoints.removeAll { $0.id == endpoint.id }
            refresh(&entry)
            current.insert(entry)
        }
        if var entry = current.containers[endpoint.container] {
            entry.endpoints.removeAll { $0.id == endpoint.id }
            entry.generation = current.generation + 1
            current.insert(entry)
        }
        hostInterfaces.remove(endpoint.hostInterface)
    }

    /// Counts a network's addresses anew: some were reserved or given back.
    func recount(_ id: ObjectID) {
        guard var entry = current.networks[id] else { return }
        refresh(&entry)
        current.insert(entry)
    }

    /// What inspect tells of a network's pools, and a new generation for it.
    private func refresh(_ entry: inout NetworkEntry) {
        entry.generation = current.generation + 1
        entry.usage = entry.network.pools.map { pool in
            let usage = ipam.usage(subnet: pool.subnet, range: pool.range)
            return PoolUsage(inUse: usage.inUse, dynamicAvailable: usage.dynamicAvailable)
        }
    }

    /// The network's bridge; nil for other drivers.
    func bridge(of network: Network) throws(EngineError) -> String? {
        guard network.driver == drivers.bridge.name, !network.isConfigOnly else { return nil }
        return BridgeDriver.interface(of: network, try drivers.bridge.options(of: network))
    }
}
