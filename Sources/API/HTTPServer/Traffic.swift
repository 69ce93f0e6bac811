internal import Synchronization

/// What is going on in a server, over all its listeners: the means to stop it without cutting anybody off.
final class Traffic: Sendable {
    private let requests = Atomic<Int>(0)
    private let held = Atomic<Int>(0)
    private let draining = Atomic<Bool>(false)
    private let sealed = Atomic<Bool>(false)
    let unread: UnreadAnswers
    private let pending = Mutex<[ObjectIdentifier: PendingAnswer]>([:])

    init(limits: Limits) { unread = UnreadAnswers(limit: limits.unreadBytes) }

    /// Requests whose header fields are there and whose responses have not gone out whole.
    var running: Int { requests.load(ordering: .relaxed) }
    /// New requests get 503, connections are closed after their responses.
    var isDraining: Bool { draining.load(ordering: .sequentiallyConsistent) }
    /// No connection may be suspended any more: MHD aborts the process when stopped with one.
    var isSealed: Bool { sealed.load(ordering: .sequentiallyConsistent) }

    func begin() { requests.add(1, ordering: .relaxed) }
    func end() { requests.subtract(1, ordering: .relaxed) }

    /// Takes room for bytes of request bodies; false when that would be more than `limit` in all.
    func hold(_ count: Int, limit: Int) -> Bool {
        if held.add(count, ordering: .relaxed).newValue <= limit { return true }
        release(count)
        return false
    }

    /// Gives room back.
    func release(_ count: Int) { held.subtract(count, ordering: .relaxed) }

    func register(_ answer: PendingAnswer) {
        pending.withLock { $0[ObjectIdentifier(answer)] = answer }
    }

    func unregister(_ answer: PendingAnswer) {
        pending.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(answer)) }
    }

    /// Ends every stream after what has been written to it.
    func drain() {
        draining.store(true, ordering: .sequentiallyConsistent)
        for answer in all() { answer.endStream() }
    }

    /// Gives up on what is not answered yet, and resumes every connection.
    func seal() {
        sealed.store(true, ordering: .sequentiallyConsistent)
        for answer in all() { answer.abandon() }
    }

    /// Waits until nothing runs, at most for `bound`.
    func becomeIdle(within bound: Duration) async {
        let deadline = ContinuousClock.now + bound
        // A task of its own, so that sleeping does not fail when the caller is cancelled.
        await Task.detached { [self] in
            while running > 0, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(2)) }
        }.value
    }

    private func all() -> [PendingAnswer] {
        pending.withLock { Array($0.values) }
    }
}
