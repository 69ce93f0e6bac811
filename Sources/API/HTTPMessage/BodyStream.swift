import Synchronization

/// A request body as it comes in: the server offers chunks, one reader takes them. Holds at most `capacity` bytes
/// that nobody has taken yet; the server stops reading from the client beyond that.
public final class BodyStream: Sendable {
    /// What a reader meets besides bytes.
    public enum Failure: Error, Sendable, Hashable {
        /// More than the reader's limit.
        case tooLarge(limit: Int)
        /// The client went away, or broke the framing, before the body was whole.
        case incomplete
    }

    fileprivate struct State {
        var chunks: [[UInt8]] = []
        var buffered = 0
        var ended = false
        var failure: Failure?
        var waiting: CheckedContinuation<Void, Never>?
        var onDrain: (@Sendable () -> Void)?
        var wanted = false
        var onWanted: (@Sendable () -> Void)?
    }

    /// The declared Content-Length in bytes; nil when chunked (or absent: then the body is empty).
    public let declaredLength: UInt64?
    private let capacity: Int
    private let state = Mutex(State())

    public init(declaredLength: UInt64?, capacity: Int = 1 << 20) {
        self.declaredLength = declaredLength
        self.capacity = capacity
    }

    /// A body that is there already.
    public convenience init(_ bytes: [UInt8]) {
        self.init(declaredLength: UInt64(bytes.count))
        _ = offer(bytes)
        finish()
    }

    /// Takes a chunk from the wire. False: full for now; `onDrain` is called once there is room again.
    public func offer(_ bytes: [UInt8], onDrain: (@Sendable () -> Void)? = nil) -> Bool {
        let (waiter, room) = state.withLock { state in
            state.chunks.append(bytes)
            state.buffered += bytes.count
            let room = state.buffered < capacity
            state.onDrain = room ? nil : onDrain
            return (state.takeWaiter(), room)
        }
        waiter?.resume()
        return room
    }

    /// The body is whole, or will never be. Only the first call counts.
    public func finish(failure: Failure? = nil) {
        let waiter = state.withLock { state in
            if !state.ended { state.failure = failure }
            state.ended = true
            return state.takeWaiter()
        }
        waiter?.resume()
    }

    /// For the server: calls `action` once, when a reader first asks for bytes (at once if it has already). Until then
    /// the client need not be told to send its body (RFC 9110 §10.1.1).
    public func whenWanted(_ action: @escaping @Sendable () -> Void) {
        let wanted = state.withLock { state in
            if !state.wanted { state.onWanted = action }
            return state.wanted
        }
        if wanted { action() }
    }

    /// The next chunk; nil at the end. One reader at a time.
    public func next() async throws(Failure) -> [UInt8]? {
        markWanted()
        while true {
            let (chunk, done, failure, drained) = state.withLock {
                state -> ([UInt8]?, Bool, Failure?, (@Sendable () -> Void)?) in
                if state.chunks.isEmpty { return (nil, state.ended, state.failure, nil) }
                let chunk = state.chunks.removeFirst()
                state.buffered -= chunk.count
                guard state.buffered < capacity else { return (chunk, false, nil, nil) }
                defer { state.onDrain = nil }
                return (chunk, false, nil, state.onDrain)
            }
            drained?()
            if let chunk { return chunk }
            if let failure { throw failure }
            if done { return nil }
            await wait()
        }
    }

    /// The whole body, of at most `limit` bytes.
    public func collect(limit: Int) async throws(Failure) -> [UInt8] {
        if let declaredLength, declaredLength > UInt64(limit) { throw .tooLarge(limit: limit) }
        var bytes: [UInt8] = []
        while let chunk = try await next() {
            bytes += chunk
            if bytes.count > limit { throw .tooLarge(limit: limit) }
        }
        return bytes
    }

    private func markWanted() {
        let action = state.withLock { state in
            state.wanted = true
            defer { state.onWanted = nil }
            return state.onWanted
        }
        action?()
    }

    private func wait() async {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state in
                if !state.chunks.isEmpty || state.ended { return true }
                state.waiting = continuation
                return false
            }
            if ready { continuation.resume() }
        }
    }
}

extension BodyStream.State {
    fileprivate mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
        defer { waiting = nil }
        return waiting
    }
}
