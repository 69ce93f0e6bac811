public import NetworkModel
import Synchronization

/// Waits for one container's exit or removal. Made by `Engine.wait`.
public final class Wait: Sendable {
    private struct State {
        var exitCode: Int?
        var isCancelled = false
        var continuation: CheckedContinuation<Int?, Never>?
        var onCancel: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Called once, when nobody waits any more.
    func whenCancelled(_ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.onCancel = action }
    }

    /// The exit code; nil when the wait was cancelled. For one caller.
    public func value() async -> Int? {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state in
                if state.exitCode == nil, !state.isCancelled {
                    state.continuation = continuation
                    return false
                }
                return true
            }
            if ready { continuation.resume(returning: state.withLock(\.exitCode)) }
        }
    }

    /// Nobody waits any more.
    public func cancel() {
        finish { $0.isCancelled = true }
        state.withLock { state in
            defer { state.onCancel = nil }
            return state.onCancel
        }?()
    }

    func resolve(_ exitCode: Int) { finish { $0.exitCode = $0.exitCode ?? exitCode } }

    private func finish(_ change: (inout State) -> Void) {
        let (waiter, value) = state.withLock { state in
            change(&state)
            defer { state.continuation = nil }
            return (state.continuation, state.exitCode)
        }
        waiter?.resume(returning: value)
    }
}

/// Who waits for which container.
final class WaitRegistry: Sendable {
    private let waits = Mutex<[ObjectID: [(condition: WaitCondition, wait: Wait)]]>([:])

    func add(_ id: ObjectID, _ condition: WaitCondition) -> Wait {
        let wait = Wait()
        waits.withLock { $0[id, default: []].append((condition, wait)) }
        wait.whenCancelled { [weak self, weak wait] in
            if let wait { self?.forget(wait, of: id) }
        }
        return wait
    }

    /// It has exited: whoever doesn't wait for its removal is answered.
    func exited(_ id: ObjectID, code: Int) {
        take(id) { $0 != .removed }.forEach { $0.resolve(code) }
    }

    func removed(_ id: ObjectID, code: Int) {
        take(id) { _ in true }.forEach { $0.resolve(code) }
    }

    func forget(_ wait: Wait, of id: ObjectID) {
        waits.withLock { waits in
            waits[id]?.removeAll { $0.wait === wait }
            if waits[id]?.isEmpty == true { waits[id] = nil }
        }
    }

    private func take(_ id: ObjectID, where isMet: (WaitCondition) -> Bool) -> [Wait] {
        waits.withLock { waits in
            let all = waits[id] ?? []
            let left = all.filter { !isMet($0.condition) }
            waits[id] = left.isEmpty ? nil : left
            return all.filter { isMet($0.condition) }.map(\.wait)
        }
    }
}

extension Engine {
    /// Registers a wait at once, so that the client may be told so before the container even starts.
    ///
    /// - Throws: 404 for an unknown container.
    public nonisolated func wait(for term: String, condition: WaitCondition) throws(EngineError) -> Wait {
        let id = try snapshot.container(term).container.id
        let wait = waits.add(id, condition)
        // Looked at again once registered: an exit in between would be missed.
        guard let container = snapshot.containers[id]?.container else {
            waits.removed(id, code: 0)
            return wait
        }
        if condition == .notRunning, !container.state.isRunning {
            wait.resolve(container.state.exitCode)
            waits.forget(wait, of: id)
        }
        return wait
    }
}
