public import Dataplane
public import Kernel
import NFTables
import Netlink

/// The kernel itself.
public final class KernelSenses: HealingSenses {
    private let monitor: Monitor
    private let table: NFTablesConnection
    private let threads: BlockingThreads

    /// On a thread that is in the daemon's namespaces.
    ///
    /// - Parameters:
    ///   - groups: the link groups that mark our links.
    ///   - workers: who changes the kernel on our behalf.
    /// - Throws: `KernelError` when threads or sockets can't be had.
    public init(groups: LinkGroups, beside workers: KernelWorkers) throws(KernelError) {
        table = workers.table
        do {
            threads = try BlockingThreads(name: "healing", count: 1)
        } catch {
            throw KernelError(object: "healing", error)
        }
        monitor = try Monitor(groups: groups, table: "fairlead", ownTablePorts: [workers.table.portNumber])
    }

    public var signals: AsyncStream<Void> { monitor.signals }

    public func take() -> DriftHint { monitor.take() }

    public func numbers(of namespaces: Set<Namespace>) async -> [Int32: Namespace] {
        await threads.run {
            guard let socket = try? NetlinkSocket() else { return [:] }
            var numbers: [Int32: Namespace] = [:]
            for namespace in namespaces {
                // One at a time: an open descriptor each would be ten thousand.
                guard let handle = try? NamespaceHandle(namespace),
                    let number = try? socket.namespaceNumbers(of: [handle.descriptor]).first ?? nil
                else { continue }
                numbers[number] = namespace
            }
            return numbers
        }
    }

    public func userRules() async -> [String: Int] {
        await threads.run { [table] in (try? table.userRuleCounts()) ?? [:] }
    }
}
