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
    public nonisolated let host: HostDescription
    private nonisolated let published = Mutex(Snapshot())

    /// The newest state, published or about to be.
    var current = Snapshot()
    var ipam: IPAM
    var locks = ObjectLocks()
    /// Names given to a network or container that is still being made.
    var reservedNetworkNames: Set<String> = []
    var reservedContainerNames: Set<String> = []
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
        self.host = host
        self.logger = logger
        drivers = Drivers(defaultBridge: configuration.defaultBridge.interface)
        ipam = IPAM(pools: configuration.defaultAddressPools, hostID: host.id)
    }

    /// What readers see: everything up to the last answered change.
    public nonisolated var snapshot: Snapshot { published.withLock { $0 } }

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
        current.networks[network.id] = entry
        current.networkIDs[network.name] = network.id
        if let bridge = try? bridge(of: network) { bridges[bridge] = network.id }
    }

    func remove(_ network: Network) {
        current.networks[network.id] = nil
        if current.networkIDs[network.name] == network.id { current.networkIDs[network.name] = nil }
        if let bridge = try? bridge(of: network), bridges[bridge] == network.id { bridges[bridge] = nil }
    }

    func put(_ container: Container) {
        var entry = current.containers[container.id] ?? ContainerEntry(container: container)
        if entry.container.name != container.name { current.containerIDs[entry.container.name] = nil }
        entry.container = container
        entry.generation = current.generation + 1
        current.containers[container.id] = entry
        current.containerIDs[container.name] = container.id
        let claims =
            container.state.isRunning
            ? []
            : container.attachments.flatMap { key, settings in
                AddressFamily.allCases.compactMap { settings.address(of: $0) }.map { (key: key, address: $0) }
            }
        staticClaims[container.id] = claims.isEmpty ? nil : claims
    }

    func remove(_ container: Container) {
        current.containers[container.id] = nil
        staticClaims[container.id] = nil
        if current.containerIDs[container.name] == container.id { current.containerIDs[container.name] = nil }
    }

    func put(_ endpoint: Endpoint) {
        if var entry = current.networks[endpoint.network] {
            entry.endpoints.removeAll { $0.id == endpoint.id }
            entry.endpoints.append(endpoint)
            refresh(&entry)
            current.networks[endpoint.network] = entry
        }
        if var entry = current.containers[endpoint.container] {
            entry.endpoints.removeAll { $0.id == endpoint.id }
            entry.endpoints.append(endpoint)
            entry.endpoints.sort { $0.order < $1.order }
            entry.generation = current.generation + 1
            current.containers[endpoint.container] = entry
        }
        if !endpoint.hostInterface.isEmpty { hostInterfaces.insert(endpoint.hostInterface) }
    }

    func remove(_ endpoint: Endpoint) {
        if var entry = current.networks[endpoint.network] {
            entry.endpoints.removeAll { $0.id == endpoint.id }
            refresh(&entry)
            current.networks[endpoint.network] = entry
        }
        if var entry = current.containers[endpoint.container] {
            entry.endpoints.removeAll { $0.id == endpoint.id }
            entry.generation = current.generation + 1
            current.containers[endpoint.container] = entry
        }
        hostInterfaces.remove(endpoint.hostInterface)
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
