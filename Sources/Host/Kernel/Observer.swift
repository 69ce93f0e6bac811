public import Dataplane
internal import Netlink

/// Looks at the kernel and describes what is there as a desired state would.
public final class Observer: Sendable {
    let groups: LinkGroups
    let table: any RuleTable
    let threads: BlockingThreads
    let pinDirectory: String
    let sockets = SocketPool()

    /// - Parameters:
    ///   - groups: the groups our links are in.
    ///   - table: the table with our rules.
    ///   - threads: threads in the daemon's namespaces.
    ///   - pinDirectory: where our namespaces are pinned.
    public init(groups: LinkGroups, table: any RuleTable, threads: BlockingThreads, pinDirectory: String) {
        self.groups = groups
        self.table = table
        self.threads = threads
        self.pinDirectory = pinDirectory
    }

    /// A full look: links, addresses, routes, neighbours, pins and rules. With `scope`, one that need not find more than
    /// what it names.
    ///
    /// - Parameters:
    ///   - namespaces: those to look into, the daemon's aside.
    ///   - foreign: links that the caller has something to say about without owning them.
    ///   - known: links that are ours even if they have no alias yet.
    ///   - addresses: those that count whoever set them; others only count if they are marked as ours.
    ///   - sysctls: those to read; one that doesn't exist is missing in the answer.
    ///   - scope: the things that matter, where not all do.
    /// - Returns: What was found.
    /// - Throws: `KernelError` when the kernel can't be asked.
    public func observe(
        namespaces: Set<Namespace> = [], foreign: Set<LinkID> = [], known: Set<LinkID> = [],
        addresses: Set<AddressSpec> = [], sysctls: Set<SysctlID> = [], scope: State? = nil
    ) async throws(KernelError) -> Observation {
        let inside = namespaces.union(sysctls.map(\.namespace)).subtracting([.daemon])
        let paths = Dictionary(grouping: sysctls, by: \.namespace).mapValues { $0.map(\.path) }
        let daemon = try await threads.run { () throws(KernelError) in
            try self.lookAtDaemon(sysctls: paths[.daemon] ?? [], scope: scope)
        }
        let containers = try await lookInside(inside.sorted(), whole: namespaces, sysctls: paths)
        let assembly = ObserverAssembly(
            groups: groups, daemon: daemon.view, containers: containers, foreign: foreign, known: known,
            wanted: addresses)
        var observation = assembly.observation
        observation.state.pins = daemon.pins
        observation.state.hasTable = daemon.hasTable
        for element in daemon.elements { observation.state.insert(element) }
        return observation
    }

    /// Several threads at once: every namespace takes some system calls.
    private func lookInside(
        _ namespaces: [Namespace], whole: Set<Namespace>, sysctls: [Namespace: [String]]
    ) async throws(KernelError) -> [NamespaceView] {
        let lanes = min(8, (namespaces.count + 15) / 16)
        let outcomes = await withTaskGroup(of: Result<[NamespaceView], KernelError>.self) { group in
            for lane in 0..<lanes {
                let share = stride(from: lane, to: namespaces.count, by: lanes).map { namespaces[$0] }
                group.addTask { [self] in
                    do throws(KernelError) {
                        return .success(
                            try await threads.run { () throws(KernelError) in
                                try self.look(into: share, whole: whole, sysctls: sysctls)
                            })
                    } catch {
                        return .failure(error)
                    }
                }
            }
            var outcomes: [Result<[NamespaceView], KernelError>] = []
            for await outcome in group { outcomes.append(outcome) }
            return outcomes
        }
        var views: [NamespaceView] = []
        for outcome in outcomes { views += try outcome.get() }
        return views
    }
}
