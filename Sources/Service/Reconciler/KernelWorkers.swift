public import Dataplane
public import Kernel
public import Logging
import NFTables

/// The kernel itself: plans go to the executor, looks to the observer, each on threads of its own.
public final class KernelWorkers: KernelBackend {
    private let executor: Executor
    private let observer: Observer
    public let collector: Collector
    let table: NFTablesConnection
    private let threads: BlockingThreads
    private let logger: Logger

    /// On a thread that is in the daemon's namespaces; the workers' threads inherit them.
    ///
    /// - Parameters:
    ///   - groups: the link groups that mark our links, chosen at first start.
    ///   - pinDirectory: where namespaces are pinned.
    ///   - logger: for what is refused behind the scenes.
    /// - Throws: `KernelError` when threads or sockets can't be had.
    public init(groups: LinkGroups, pinDirectory: String, logger: Logger) throws(KernelError) {
        do {
            table = try NFTablesConnection()
            threads = try BlockingThreads(name: "kernel", count: 10)
            let slow = try BlockingThreads(name: "collector", count: 1)
            collector = Collector(groups: groups, threads: slow, logger: logger)
        } catch {
            throw KernelError(object: "kernel workers", error)
        }
        executor = Executor(groups: groups, table: table, threads: threads, collector: collector, logger: logger)
        observer = Observer(groups: groups, table: table, threads: threads, pinDirectory: pinDirectory)
        self.logger = logger
    }

    /// Warns of other tables' forward chains that drop: an accept in ours can't override them.
    public func warnOfForeignDrops() async {
        let chains = await threads.run { [table] in (try? table.foreignDroppingChains()) ?? [] }
        guard !chains.isEmpty else { return }
        logger.warning(
            "other firewalls drop forwarded packets; let traffic from and to our bridges pass there",
            metadata: ["chains": "\(chains.joined(separator: ", "))"])
    }

    public func execute(_ plan: Plan) async throws(KernelError) {
        try await executor.execute(plan)
    }

    public func restoreRules(
        _ steps: [Step], ending isUnwanted: @escaping @Sendable (Connection) -> Bool
    ) async throws(KernelError) -> RuleRestoration {
        try await threads.run { [table] () throws(KernelError) in try table.restore(steps, ending: isUnwanted) }
    }

    public func observe(_ request: ObservationRequest) async throws(KernelError) -> State {
        let observation = try await observer.observe(
            namespaces: request.namespaces, foreign: request.foreignLinks, known: request.ownLinks,
            addresses: request.addresses, sysctls: request.sysctls, scope: request.scope)
        if !observation.unnamed.isEmpty {
            logger.warning(
                "links in our group that we don't know are left alone",
                metadata: ["links": "\(observation.unnamed.map(\.description).joined(separator: ", "))"])
        }
        return observation.state
    }
}
