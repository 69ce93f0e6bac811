import Synchronization

/// A response body that is written while it is sent. Bounded: a client that reads too slowly loses the stream
/// rather than costing memory.
public final class ResponseStream: Sendable {
    /// What the server finds when it asks for bytes.
    public enum Reading: Sendable {
        case bytes([UInt8])
        /// Nothing yet: `onReadable` is called when there is.
        case later
        case end
        /// Cut short: the client must see that the body is not whole.
        case aborted
    }

    fileprivate struct State {
        var buffer: [UInt8] = []
        var ended = false
        var aborted = false
        var gone = false
        var onReadable: (@Sendable () -> Void)?
        var onGone: (@Sendable () -> Void)?
    }

    private let capacity: Int
    private let state = Mutex(State())

    public init(capacity: Int = 1 << 20) {
        self.capacity = capacity
    }

    /// Appends bytes. False when nobody will read them: the client is gone or too slow, or the stream has ended.
    @discardableResult
    public func write(_ bytes: [UInt8]) -> Bool {
        let (accepted, wake) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            guard !state.ended, !state.gone else { return (false, nil) }
            if state.buffer.count + bytes.count > capacity {
                state.ended = true
                state.aborted = true
                return (false, state.takeOnReadable())
            }
            state.buffer += bytes
            return (true, state.takeOnReadable())
        }
        wake?()
        return accepted
    }

    /// No more bytes will come.
    public func finish() {
        let wake = state.withLock { state in
            state.ended = true
            return state.takeOnReadable()
        }
        wake?()
    }

    /// Calls `action` once, when the client has gone before the end (at once if it has already).
    public func whenGone(_ action: @escaping @Sendable () -> Void) {
        let gone = state.withLock { state in
            if !state.gone { state.onGone = action }
            return state.gone
        }
        if gone { action() }
    }

    /// For the server: at most `limit` bytes. `onReadable` is kept only with `.later`, and called once.
    public func read(limit: Int, onReadable: @escaping @Sendable () -> Void) -> Reading {
        state.withLock { state in
            if !state.buffer.isEmpty {
                let part = Array(state.buffer.prefix(limit))
                state.buffer.removeFirst(part.count)
                return .bytes(part)
            }
            if state.aborted { return .aborted }
            if state.ended { return .end }
            state.onReadable = onReadable
            return .later
        }
    }

    /// For the server: the client is gone, nothing more will be read.
    public func markGone() {
        let action = state.withLock { state in
            state.gone = true
            state.buffer = []
            state.onReadable = nil
            defer { state.onGone = nil }
            return state.ended ? nil : state.onGone
        }
        action?()
    }
}

extension ResponseStream.State {
    fileprivate mutating func takeOnReadable() -> (@Sendable () -> Void)? {
        defer { onReadable = nil }
        return onReadable
    }
}
