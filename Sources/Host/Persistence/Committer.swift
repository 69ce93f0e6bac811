import Dispatch
import Foundation
import GRDB
import Logging
import NetworkModel
import Synchronization

/// Commits requests in groups on a thread of its own, so that those who wait at the same time share one fsync
/// (DESIGN section 4, "Commit").
final class Committer: Sendable {
    struct Request: Sendable {
        let writes: [Write]
        /// What the request is about, for its error's text.
        let object: String
        let answer: @Sendable (Result<Void, EngineError>) -> Void

        func fail(_ reason: String) { answer(.failure(EngineError(.system, "\(object): \(reason)"))) }
    }

    private struct State {
        var waiting: [Request] = []
        var isStopping = false
        var commits = 0
        var requests = 0
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    init(queue: DatabaseQueue, path: String, logger: Logger, beforeCommit: @escaping @Sendable () -> Void) {
        // Keeps itself alive until it is stopped, which its store does at the latest when it goes.
        let thread = Thread {
            var group = CommitGroup(queue: queue, path: path, logger: logger, beforeCommit: beforeCommit)
            self.run(&group)
        }
        thread.name = "store"
        thread.start()
    }

    func submit(_ request: Request) {
        let isAccepted = state.withLock { state in
            if !state.isStopping { state.waiting.append(request) }
            return !state.isStopping
        }
        if isAccepted { wake.signal() } else { request.fail("the store is closed") }
    }

    /// Commits what is waiting, and returns when the thread is done.
    func stop() {
        let isFirst = state.withLock { state in
            defer { state.isStopping = true }
            return !state.isStopping
        }
        if isFirst { wake.signal() }
        ended.wait()
        ended.signal()
    }

    var statistics: (commits: Int, requests: Int) { state.withLock { ($0.commits, $0.requests) } }

    private func run(_ group: inout CommitGroup) {
        while true {
            wake.wait()
            let (requests, isStopping) = state.withLock { state in
                defer { state.waiting = [] }
                return (state.waiting, state.isStopping)
            }
            if !requests.isEmpty { commit(requests, &group) }
            if isStopping { break }
        }
        ended.signal()
    }

    private func commit(_ requests: [Request], _ group: inout CommitGroup) {
        let outcomes = group.commit(requests.map(\.writes))
        state.withLock { state in
            state.commits += outcomes.commits
            state.requests += outcomes.failures.count { $0 == nil }
        }
        for (request, failure) in zip(requests, outcomes.failures) {
            if let failure { request.fail(failure) } else { request.answer(.success(())) }
        }
    }
}
