public import NetworkModel
import DequeModule
import Synchronization

/// The last 256 events, and whoever listens for the next.
public final class EventJournal: Sendable {
    /// How much history there is (moby `daemon/events`, bufferSize).
    public static let capacity = 256

    /// Stops a subscription; idempotent.
    public struct Subscription: Sendable, Hashable {
        fileprivate let number: UInt64
    }

    private struct State {
        var history: Deque<Event> = []
        var listeners: [UInt64: @Sendable (Event) -> Void] = [:]
        var next: UInt64 = 0
    }

    private let state = Mutex(State())

    public init() {}

    public func publish(_ event: Event) {
        let listeners = state.withLock { state in
            if state.history.count == Self.capacity { state.history.removeFirst() }
            state.history.append(event)
            return Array(state.listeners.values)
        }
        for listener in listeners { listener(event) }
    }

    /// The kept events since a moment, without listening.
    public func history(since: Timestamp) -> [Event] {
        state.withLock { $0.history.filter { $0.time >= since } }
    }

    /// Calls `replay` with the kept events since a moment (none without one), then `listener` with every later one:
    /// nothing between is missed. `listener` must not block.
    public func subscribe(
        since: Timestamp?, replay: ([Event]) -> Void, listener: @escaping @Sendable (Event) -> Void
    ) -> Subscription {
        state.withLock { state in
            if let since { replay(state.history.filter { $0.time >= since }) }
            state.next += 1
            state.listeners[state.next] = listener
            return Subscription(number: state.next)
        }
    }

    public func cancel(_ subscription: Subscription) {
        state.withLock { $0.listeners[subscription.number] = nil }
    }
}
