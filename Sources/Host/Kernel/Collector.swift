public import Logging
internal import Netlink
internal import Synchronization

/// Deletes doomed links behind everybody's back: each costs 16–40 ms of waiting in the kernel.
///
/// Veths go by their group, at most 100 a message (a hundred cost little more than one). Bridges go one a message, each
/// holding the kernel's network lock for some 20 ms, with a pause while a request is being worked on.
public final class Collector: Sendable {
    /// A link under the name that says it is given up.
    struct Doomed: Sendable, Hashable {
        let name: String
        let isBridge: Bool
    }

    struct State {
        var waiting: [Doomed] = []
        /// Whether links may be left that `waiting` doesn't know.
        var hasToLook = false
        var isWorking = false
        var reported: Set<String> = []
    }

    let groups: LinkGroups
    let threads: BlockingThreads
    let logger: Logger
    let sockets = SocketPool()
    let state = Mutex(State())
    private let requests = Atomic<Int>(0)

    public init(groups: LinkGroups, threads: BlockingThreads, logger: Logger) {
        self.groups = groups
        self.threads = threads
        self.logger = logger
    }

    /// Collects whatever an earlier run left.
    public func start() {
        work { $0.hasToLook = true }
    }

    /// Waits until nothing is left to collect.
    ///
    /// - Returns: false when that took longer than `limit`.
    public func drain(limit: Duration = .seconds(60)) async -> Bool {
        let deadline = ContinuousClock.now + limit
        while state.withLock({ $0.isWorking }) {
            guard ContinuousClock.now < deadline else { return false }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return true
    }

    func add(_ link: Doomed) {
        work { $0.waiting.append(link) }
    }

    func requestBegins() { requests.wrappingAdd(1, ordering: .relaxed) }

    func requestEnds() { requests.wrappingSubtract(1, ordering: .relaxed) }

    /// Waits while requests are being worked on, a second at most: under steady load, too, links have to go.
    func giveWay() async {
        let deadline = ContinuousClock.now + .seconds(1)
        while requests.load(ordering: .relaxed) > 0, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    /// A refusal, once for each link.
    func report(_ name: String, _ refusal: String) {
        guard state.withLock({ $0.reported.insert(name).inserted }) else { return }
        logger.error("could not delete a doomed link", metadata: ["link": "\(name)", "refusal": "\(refusal)"])
    }

    private func work(_ change: (inout State) -> Void) {
        let begins = state.withLock { state in
            change(&state)
            defer { state.isWorking = true }
            return !state.isWorking
        }
        if begins { Task { await collect() } }
    }

    private func collect() async {
        while true {
            // What is doomed within the same moment goes together.
            try? await Task.sleep(for: .milliseconds(20))
            let (links, look) = state.withLock { state in
                defer {
                    state.waiting = []
                    state.hasToLook = false
                }
                return (state.waiting, state.hasToLook)
            }
            await collect(links, look: look)
            let isDone = state.withLock { state in
                if state.waiting.isEmpty, !state.hasToLook { state.isWorking = false }
                return !state.isWorking
            }
            if isDone { return }
        }
    }
}
