import Engine
import Kernel
import Logging
import NetworkModel
import Persistence
import Reconciler

/// What stands between the store and the sockets.
struct Parts {
    let workers: KernelWorkers
    let engine: Engine
    let healer: Healer

    init(_ configuration: DaemonConfiguration, store: Store, logger: Logger) async throws {
        let threads = try BlockingThreads(name: "start", count: 1)
        let facts = try HostFacts.read()
        let features = try await threads.run { Result { try FeatureProbe.probe() } }.get()
        logger.info(
            "probed the kernel", metadata: ["release": "\(facts.kernelVersion)", "features": "\(features)"])
        guard features.hasNFTables else {
            throw StartFailure("the kernel has no nf_tables, or doesn't let us use it (CAP_NET_ADMIN is needed)")
        }
        let settings = try await HostSettings(try store.settings()) { try await LinkGroups.choose(on: threads) }
        if !settings.new.isEmpty {
            try await store.commit(settings.new.map { .setSetting($0.key, $0.value) }, for: "host settings")
        }
        let groups = settings.groups
        let pins = configuration.engine.namespaceDirectory
        let (workers, platform, senses) = try await threads.run {
            Result {
                let workers = try KernelWorkers(groups: groups, pinDirectory: pins, logger: logger)
                return (
                    workers, try LivePlatform(groups: groups, facts: facts, logger: logger),
                    try KernelSenses(groups: groups, beside: workers)
                )
            }
        }.get()
        self.workers = workers
        let reconciler = Reconciler(backend: workers, logger: logger)
        let engine = try Engine(
            store: store, reconciler: reconciler, platform: platform, configuration: configuration.engine,
            host: Self.host(configuration, facts, id: settings.id), logger: logger)
        self.engine = engine
        healer = Healer(reconciler, senses: senses, logger: logger) { await engine.isStill($0) }
    }

    private static func host(_ configuration: DaemonConfiguration, _ facts: HostFacts, id: String) -> HostDescription {
        let engine = configuration.engine
        // The Engine turns it on while it boots, since the default network needs it.
        let willForward = engine.ipForward && !engine.defaultBridge.isDisabled
        return HostDescription(
            id: id, name: facts.hostName, serverVersion: FairleadVersion.text, kernelVersion: facts.kernelVersion,
            operatingSystem: facts.operatingSystem, osVersion: facts.operatingSystemVersion,
            architecture: facts.architecture, cpus: facts.processors, memoryBytes: facts.memory,
            dataRoot: configuration.dataRoot, labels: engine.labels, defaultAddressPools: engine.defaultAddressPools,
            isForwardingIPv4: willForward || ((try? Forwarding.isOn(.ipv4)) ?? false), isDebug: engine.isDebug,
            started: .now())
    }
}

/// Why the daemon can't start, as one sentence.
struct StartFailure: Error, Hashable, CustomStringConvertible {
    let message: String

    init(_ message: String) {
        self.message = message
    }

    var description: String { message }
}
