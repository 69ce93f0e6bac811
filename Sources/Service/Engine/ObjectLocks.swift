import DequeModule
import NetworkModel

/// Keeps requests about the same object in order; others don't wait.
///
/// First come, first served, for each object: whoever uses it (shared: an endpoint's network) may do so together with
/// others, whoever changes it (exclusive) is alone. Locks are taken containers first, then networks, each in the
/// order of ids, so two requests never wait for each other.
struct ObjectLocks {
    enum Mode { case shared, exclusive }

    fileprivate struct Lock {
        var holders = 0
        var isExclusive = false
        var waiting: Deque<(mode: Mode, continuation: CheckedContinuation<Void, Never>)> = []
    }

    fileprivate var locks: [ObjectID: Lock] = [:]

    /// Takes the lock if it is free and nobody waits for it.
    mutating func tryAcquire(_ id: ObjectID, _ mode: Mode) -> Bool {
        var lock = locks[id] ?? Lock()
        guard lock.waiting.isEmpty, lock.admits(mode) else { return false }
        lock.admit(mode)
        locks[id] = lock
        return true
    }

    mutating func enqueue(_ id: ObjectID, _ mode: Mode, _ continuation: CheckedContinuation<Void, Never>) {
        locks[id, default: Lock()].waiting.append((mode, continuation))
    }

    mutating func release(_ id: ObjectID) {
        guard var lock = locks[id] else { return }
        lock.holders -= 1
        lock.isExclusive = false
        while let next = lock.waiting.first, lock.admits(next.mode) {
            lock.waiting.removeFirst()
            lock.admit(next.mode)
            next.continuation.resume()
        }
        locks[id] = lock.holders == 0 ? nil : lock
    }
}

extension ObjectLocks.Lock {
    fileprivate func admits(_ mode: ObjectLocks.Mode) -> Bool {
        holders == 0 || mode == .shared && !isExclusive
    }

    fileprivate mutating func admit(_ mode: ObjectLocks.Mode) {
        holders += 1
        isExclusive = mode == .exclusive
    }
}

extension Engine {
    func acquire(_ id: ObjectID, _ mode: ObjectLocks.Mode) async {
        if locks.tryAcquire(id, mode) { return }
        await withCheckedContinuation { locks.enqueue(id, mode, $0) }
    }

    func release(_ id: ObjectID) {
        locks.release(id)
    }

    /// Runs `body` while nobody else changes the container.
    func withContainer<Result: Sendable>(
        _ id: ObjectID, _ body: () async throws(EngineError) -> Result
    ) async throws(EngineError) -> Result {
        await acquire(id, .exclusive)
        defer { release(id) }
        return try await body()
    }

    /// Runs `body` while nobody else changes the container that `term` means.
    ///
    /// Whoever has that name once the lock is held is meant: its owner may have been renamed or removed, and the name
    /// given to another, while somebody else held the lock.
    ///
    /// - Throws: 404 when there is none, then or by now; 400 when there are several.
    func withContainer<Result: Sendable>(
        named term: String, _ body: (ContainerEntry) async throws(EngineError) -> Result
    ) async throws(EngineError) -> Result {
        while true {
            let id = try current.container(term).container.id
            await acquire(id, .exclusive)
            defer { release(id) }
            let entry = try current.container(term)
            if entry.container.id == id { return try await body(entry) }
        }
    }

    /// Runs `body` while nobody changes these networks; others may use them, too.
    func usingNetworks<Result: Sendable>(
        _ ids: some Collection<ObjectID>, _ body: () async throws(EngineError) -> Result
    ) async throws(EngineError) -> Result {
        let ordered = Set(ids).sorted()
        for id in ordered { await acquire(id, .shared) }
        defer { for id in ordered { release(id) } }
        return try await body()
    }
}
