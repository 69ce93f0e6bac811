import Addressing
import Kernel
import Logging
import Synchronization

/// Ends connections of addresses that are nobody's any more. One walk over the kernel's table (some 10 ms, whatever it
/// holds) serves everybody who has asked by the time it begins.
final class ConnectionReaper: Sendable {
    private struct State {
        var addresses: Set<IPAddress> = []
        var waiting: [CheckedContinuation<Void, Never>] = []
        var isWalking = false
    }

    private let state = Mutex(State())
    private let threads: BlockingThreads
    private let logger: Logger

    init(threads: BlockingThreads, logger: Logger) {
        self.threads = threads
        self.logger = logger
    }

    /// Returns once no connection of these addresses is left from before.
    func forget(_ addresses: [IPAddress]) async {
        guard !addresses.isEmpty else { return }
        await withCheckedContinuation { continuation in
            let begins = state.withLock { state in
                state.addresses.formUnion(addresses)
                state.waiting.append(continuation)
                defer { state.isWalking = true }
                return !state.isWalking
            }
            if begins { Task { await walk() } }
        }
    }

    private func walk() async {
        while let (addresses, waiting) = next() {
            let outcome = await threads.run { Result { try Conntrack.forget(addresses) } }
            if case .failure(let error) = outcome {
                logger.warning("connections of a detached endpoint may live on", metadata: ["error": "\(error)"])
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    private func next() -> (Set<IPAddress>, [CheckedContinuation<Void, Never>])? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isWalking = false
                return nil
            }
            defer {
                state.addresses = []
                state.waiting = []
            }
            return (state.addresses, state.waiting)
        }
    }
}
