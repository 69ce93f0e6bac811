internal import CShims
internal import Glibc
internal import Netlink
internal import Synchronization

/// Hears what changes in the kernel, in the daemon's namespace and in every other that has an id there, and tells where
/// a look is due. One thread and two sockets, however many namespaces there are.
///
/// Our own changes are known by the numbers of our sockets. Of foreign links, nothing is kept.
public final class Monitor: Sendable {
    private let loop: MonitorLoop
    /// An element whenever there is something to `take`.
    public let signals: AsyncStream<Void>

    /// Begins to listen; ends when the monitor is released.
    ///
    /// - Parameters:
    ///   - groups: the link groups our links are in.
    ///   - table: the name of our table in the family inet.
    ///   - ownTablePorts: the numbers of the connections that change the table on our behalf.
    /// - Throws: `KernelError` without sockets or thread, on a kernel that can't listen to all namespaces.
    public init(groups: LinkGroups, table: String, ownTablePorts: Set<UInt32>) throws(KernelError) {
        let (signals, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.signals = signals
        do {
            loop = try MonitorLoop(
                knowledge: MonitorKnowledge(groups: groups), table: table, ownTablePorts: ownTablePorts,
                continuation: continuation)
            let queue = WorkQueue()
            try queue.startThread(name: "monitor")
            queue.push { [loop] in loop.run() }
            queue.close()
        } catch {
            throw KernelError(object: "monitor", error)
        }
    }

    deinit { loop.stop() }

    /// What there is to look at since the last call; empty if nothing.
    public func take() -> DriftHint { loop.take() }
}

/// The thread behind `Monitor`.
final class MonitorLoop: Sendable {
    private struct State: Sendable {
        var hint = DriftHint()
        var isOver = false
    }

    private let state = Mutex(State())
    private let knowledge: Mutex<MonitorKnowledge>
    private let routes: MonitorSocket
    private let rules: MonitorSocket
    private let wakeUp: Int32
    private let table: MonitorTable
    private let continuation: AsyncStream<Void>.Continuation

    /// RTNLGRP_LINK, …_IPV4_IFADDR, IPV4_ROUTE, IPV6_IFADDR, IPV6_ROUTE, IPV4_NETCONF, IPV6_NETCONF, NSID
    /// (linux/rtnetlink.h).
    private static let routeGroups: [Int32] = [1, 5, 7, 9, 11, 24, 25, 28]
    /// NFNLGRP_NFTABLES (linux/netfilter/nfnetlink.h).
    private static let ruleGroups: [Int32] = [7]
    /// In milliseconds: how long it has to be quiet before a hint is given, and how long that may take. What belongs
    /// together (a bridge that goes, its ports) comes in one burst.
    private static let quiet: Int32 = 2
    private static let patience: Int64 = 12

    init(
        knowledge: consuming MonitorKnowledge, table: String, ownTablePorts: Set<UInt32>,
        continuation: AsyncStream<Void>.Continuation
    ) throws {
        routes = try MonitorSocket(.route, groups: Self.routeGroups)
        rules = try MonitorSocket(.netfilter, groups: Self.ruleGroups)
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wakeUp >= 0 else { throw SystemCallError("eventfd", "", errno: errno) }
        self.table = MonitorTable(name: table, ownPorts: ownTablePorts)
        self.continuation = continuation
        // After the sockets began to listen, so that no change falls in between.
        try knowledge.learn()
        self.knowledge = Mutex(knowledge)
    }

    deinit {
        close(wakeUp)
        continuation.finish()
    }

    func take() -> DriftHint {
        state.withLock { state in
            defer { state.hint = DriftHint() }
            return state.hint
        }
    }

    func stop() {
        state.withLock { $0.isOver = true }
        _ = eventfd_write(wakeUp, 1)
    }

    func run() {
        let buffer = MonitorBuffer()
        while isAwake(after: -1) {
            var hint = DriftHint()
            read(buffer, into: &hint)
            let begin = monotonicMilliseconds()
            while !hint.isEmpty, monotonicMilliseconds() - begin < Self.patience, hasMore(within: Self.quiet) {
                read(buffer, into: &hint)
            }
            if hint.everything { try? knowledge.withLock { try $0.learn() } }
            guard !hint.isEmpty else { continue }
            state.withLock { $0.hint.merge(hint) }
            continuation.yield()
        }
        continuation.finish()
    }

    private func isAwake(after milliseconds: Int32) -> Bool {
        _ = hasMore(within: milliseconds)
        return !state.withLock(\.isOver)
    }

    private func hasMore(within milliseconds: Int32) -> Bool {
        var descriptors = [routes.descriptor, rules.descriptor, wakeUp].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        return poll(&descriptors, nfds_t(descriptors.count), milliseconds) > 0
    }

    private func read(_ buffer: borrowing MonitorBuffer, into hint: inout DriftHint) {
        knowledge.withLock { knowledge in
            drain(routes, buffer, &hint) { knowledge.take($0, $1, into: &$2) }
        }
        var isTouched = false
        drain(rules, buffer, &hint) { header, payload, hint in
            table.take(header, payload, &isTouched, into: &hint)
        }
    }

    /// At most some thousand datagrams, so that a flood can't keep hints back.
    private func drain(
        _ socket: borrowing MonitorSocket, _ buffer: borrowing MonitorBuffer, _ hint: inout DriftHint,
        _ take: (MonitorSocket.Header, UnsafeRawBufferPointer, inout DriftHint) -> Void
    ) {
        for _ in 0..<4096 {
            switch socket.read(buffer, { take($0, $1, &hint) }) {
            case .read: continue
            case .drained: return
            case .lost: hint.everything = true
            }
        }
    }
}

/// CLOCK_MONOTONIC.
private func monotonicMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
