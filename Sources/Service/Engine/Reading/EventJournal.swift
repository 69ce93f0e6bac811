public import NetworkModel
import DequeModule
import Synchronization

/// The last 256 events, or as many of them as fit into 8 MiB of text, and whoever listens for the next.
public final class EventJournal: Sendable {
    /// How much history there is (moby `daemon/events`, bufferSize).
    public static let capacity = 256

    /// Labels may be megabytes: history is bounded in bytes, too.
    static let capacityInBytes = 8 << 20

    /// Stops a subscription; idempotent.
    public struct Subscription: Sendable, Hashable {
        fileprivate let number: UInt64
    }

    private struct State {
        var history: Deque<Event> = []
        var bytes = 0
        var listeners: [UInt64: @Sendable (Event) -> Void] = [:]
        var next: UInt64 = 0
    }

    private let state = Mutex(State())

    public init() {}

    public func publish(_ event: Event) {
        let listeners = state.withLock { state in
            state.history.append(event)
            state.bytes += event.bytes
            while state.history.count > 1,
                state.history.count > Self.capacity || state.bytes > Self.capacityInBytes
            {
                state.bytes -= state.history.removeFirst().bytes
            }
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

extension Event {
    /// What it costs to keep, about.
    fileprivate var bytes: Int {
        attributes.reduce(256) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    }
}
