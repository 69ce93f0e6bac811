import DockerAPI
import Engine
import FairleadAPI
import Glibc
import HTTPMessage
import HTTPServer
import JSON
import Kernel
import Logging
import Metrics
import NetworkModel
import Persistence
import Reconciler
import ServiceLifecycle
import Supervision
import Telemetry

/// The composition root: puts all parts together, runs them until a signal ends the daemon, and leaves the data plane as
/// it is.
struct Daemon {
    private let configuration: DaemonConfiguration
    private let reading: ConfigurationReading
    private let output: LogOutput
    private let logger: Logger
    private let metrics: MetricsRegistry

    /// Sets up logs and figures; once a process. `reading` is where the configuration comes from, to read it again.
    init(_ configuration: DaemonConfiguration, reading: ConfigurationReading) {
        self.configuration = configuration
        self.reading = reading
        output = LogOutput(level: configuration.logLevel, format: configuration.logFormat)
        let output = output
        LoggingSystem.bootstrap { _ in LineLogHandler(output: output) }
        metrics = MetricsRegistry()
        MetricsSystem.bootstrap(metrics)
        logger = Logger(label: "fairlead")
    }

    /// Runs until SIGTERM or SIGINT.
    ///
    /// - Throws: why it can't start, or go on, as a sentence.
    func run() async throws {
        let passed = SocketActivation.takePassed()
        let notifier = ServiceNotifier()
        let descriptors = DescriptorStore(passed: passed.map { ($0.name, $0.descriptor) }, notifier: notifier)
        // A client, or whoever reads the log, that goes away is an error of that write.
        signal(SIGPIPE, SIG_IGN)
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let fileLimit = ProcessLimits.raise(logger)
        ProcessLimits.returnMemory()
        try HostDirectories.make(for: configuration)
        let pidFile = try PIDFile(path: configuration.pidFile)
        defer { pidFile.remove() }
        let store = try Store(directory: configuration.dataRoot, logger: logger)
        defer { store.close() }
        let pins = try ExecRootLock(directory: configuration.engine.namespaceDirectory)
        defer { withExtendedLifetime(pins) {} }
        let place = try NamespaceClaim()
        defer { place.release() }
        let listeners = try Listeners.make(
            for: configuration, passed.filter { !DescriptorStore.isHeld($0.name) }, descriptors)
        let connections = try ProcessLimits.connections(descriptors: fileLimit, listeners: listeners.count)
        let gate = ResponderGate()
        let server = Server(
            listeners: listeners, responder: gate, limits: Limits(connections: connections), logger: logger,
            renderError: Self.render)
        // What can't be listened on, or mustn't be, is told before the kernel is touched.
        try server.open()
        defer { server.discard(keepsSockets: descriptors.isHolding) }
        Listeners.hand(listeners, of: server, to: descriptors)
        let parts = try await Parts(configuration, store: store, logger: logger)
        let plan = try await parts.engine.boot()
        logger.info(
            plan.isEmpty ? "the kernel is as it shall be" : "made the kernel as it shall be",
            metadata: ["networks": "\(parts.engine.snapshot.networks.count)", "steps": "\(plan.steps.count)"])
        for step in plan.steps { logger.debug("did at start", metadata: ["step": "\(step)"]) }
        parts.workers.collector.start()
        await parts.workers.warnOfForeignDrops()
        gate.open(responder(for: parts.engine))
        try await serve(parts, server, notifier, descriptors)
        if !configuration.keepsContainers { await parts.engine.endContainers() }
        await parts.engine.payOwed()
        // What has been given up is deleted now rather than at the next start, if it doesn't take long.
        _ = await parts.workers.collector.drain(limit: .seconds(5))
        logger.info(
            configuration.keepsContainers
                ? "stopped; networks and containers stay as they are" : "stopped; networks stay as they are")
    }

    private func serve(
        _ parts: Parts, _ server: Server, _ notifier: ServiceNotifier, _ descriptors: DescriptorStore
    ) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(
                        service: HTTPService(
                            server: server, notifier: notifier, descriptors: descriptors, logger: logger)),
                    .init(
                        service: ReloadService(reloader(for: parts.engine, server), notifier: notifier, logger: logger)),
                    .init(service: HealingService(healer: parts.healer)),
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: Self.quiet(logger)))
        try await group.run()
    }

    private func responder(for engine: Engine) -> any Responder {
        var docker = DockerAPI.Configuration()
        docker.minimumVersion = configuration.minimumAPIVersion
        let metrics = metrics
        let fairlead = FairleadAPI(engine: engine) {
            Self.measure(engine.snapshot)
            return metrics.text
        }
        return DockerAPI(engine: engine, configuration: docker, fallback: fairlead, logger: logger)
    }

    /// What is counted when somebody asks.
    private static func measure(_ snapshot: Snapshot) {
        let containers = snapshot.containers.values
        Gauge(label: "fairlead_networks").record(snapshot.networks.count)
        Gauge(label: "fairlead_containers").record(containers.count)
        Gauge(label: "fairlead_containers_running").record(containers.count { $0.container.state.isRunning })
        Gauge(label: "fairlead_endpoints").record(snapshot.networks.values.reduce(0) { $0 + $1.endpoints.count })
    }

    private func reloader(for engine: Engine, _ server: Server) -> Reloader {
        Reloader(configuration, reading: reading, output: output, engine: engine, server: server, logger: logger)
    }

    /// The server's own refusals, in the form of Docker's errors.
    private static let render: @Sendable (Int, String) -> Response = { status, message in
        Response(
            status: status, headers: Headers([.init(name: "Content-Type", value: "application/json")]),
            body: .bytes(ErrorReport(message: message).json))
    }

    /// The service group tells every step of its own at info; what we do is in our lines.
    private static func quiet(_ logger: Logger) -> Logger {
        var quiet = logger
        quiet.logLevel = .warning
        return quiet
    }
}
