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
        /// How much of `buffer` has been read.
        var head = 0
        var shutDown = false
        var ended = false
        var aborted = false
        var gone = false
        var onReadable: (@Sendable () -> Void)?
        var onGone: (@Sendable () -> Void)?
    }

    private let capacity: Int
    private let burst: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - capacity: Bytes that may wait for the client.
    ///   - burst: Bytes that may be written at once when none wait; at least `capacity`.
    public init(capacity: Int = 1 << 20, burst: Int = 0) {
        self.capacity = capacity
        self.burst = max(burst, capacity)
    }

    /// Appends bytes. False when nobody will read them: the client is gone or too slow, or the stream has ended.
    @discardableResult
    public func write(_ bytes: [UInt8]) -> Bool {
        let (accepted, wake) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            guard !state.ended, !state.gone else { return (false, nil) }
            let waiting = state.buffer.count - state.head
            if waiting + bytes.count > (waiting == 0 ? burst : capacity) {
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
            let gone = state.gone || state.shutDown
            if !gone { state.onGone = action }
            return gone
        }
        if gone { action() }
    }

    /// For the server: at most `limit` bytes. `onReadable` is kept only with `.later`, and called once.
    public func read(limit: Int, onReadable: @escaping @Sendable () -> Void) -> Reading {
        state.withLock { state in
            if !state.buffer.isEmpty {
                return .bytes(state.take(limit))
            }
            if state.aborted || state.gone { return .aborted }
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
            state.head = 0
            state.onReadable = nil
            return state.takeOnGone()
        }
        action?()
    }

    /// For the server that stops: ends the stream after what has been written so far, and tells the writer as if the
    /// client had gone.
    public func shutDown() {
        let (wake, action) = state.withLock { state -> ((@Sendable () -> Void)?, (@Sendable () -> Void)?) in
            guard !state.ended, !state.gone else { return (nil, nil) }
            let action = state.takeOnGone()
            state.ended = true
            state.shutDown = true
            return (state.takeOnReadable(), action)
        }
        wake?()
        action?()
    }
}

extension ResponseStream.State {
    /// At most `limit` bytes from the front; moves the rest only once half of it is read.
    fileprivate mutating func take(_ limit: Int) -> [UInt8] {
        let part = Array(buffer[head...].prefix(limit))
        head += part.count
        if head == buffer.count {
            buffer.removeAll(keepingCapacity: head <= 1 << 16)
            head = 0
        } else if head > buffer.count / 2 {
            buffer.removeFirst(head)
            head = 0
        }
        return part
    }

    fileprivate mutating func takeOnGone() -> (@Sendable () -> Void)? {
        defer { onGone = nil }
        return ended ? nil : onGone
    }

    fileprivate mutating func takeOnReadable() -> (@Sendable () -> Void)? {
        defer { onReadable = nil }
        return onReadable
    }
}
