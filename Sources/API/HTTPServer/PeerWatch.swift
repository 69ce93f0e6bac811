internal import CShims
internal import Glibc
internal import Synchronization

/// Notices that clients go away while their connections are suspended: MHD does not look at those. One thread, one
/// epoll set, for all listeners of a server.
final class PeerWatch: Sendable {
    struct Token: Sendable, Hashable {
        fileprivate let number: UInt64
        fileprivate let descriptor: Int32
    }

    private struct State {
        var next: UInt64 = 1
        var actions: [UInt64: @Sendable () -> Void] = [:]
    }

    private let set: Int32
    private let wake: Int32
    private let thread = Mutex<pthread_t?>(nil)
    private let state = Mutex(State())

    init() throws(ListenError) {
        var wake: Int32 = -1
        set = shim_gone_create(&wake)
        self.wake = wake
        guard set >= 0 else { throw ListenError("cannot watch connections: \(errorText(-set))") }
        var identity = pthread_t()
        // Balanced by takeRetainedValue on the thread, or below.
        let context = Unmanaged.passRetained(self).toOpaque()
        let error = pthread_create(&identity, nil, runWatch, context)
        guard error == 0 else {
            Unmanaged<PeerWatch>.fromOpaque(context).release()
            throw ListenError("cannot watch connections: \(errorText(error))")
        }
        thread.withLock { $0 = identity }
    }

    deinit {
        if set >= 0 {
            close(set)
            close(wake)
        }
    }

    /// Calls `action` at most once, on the watching thread: when the peer is gone for good, or, with `halfClose`, as
    /// soon as it has closed its writing side. A client that closes only that side still wants its answer, so
    /// `halfClose` is for streams. Over TCP, a full close shows as a half one until something is sent.
    func watch(_ descriptor: Int32, halfClose: Bool, _ action: @escaping @Sendable () -> Void) -> Token {
        let token = state.withLock { state in
            defer { state.next += 1 }
            state.actions[state.next] = action
            return Token(number: state.next, descriptor: descriptor)
        }
        _ = shim_gone_watch(set, descriptor, halfClose ? 1 : 0, token.number)
        return token
    }

    /// From now on a half close counts, too.
    func widen(_ token: Token) {
        _ = shim_gone_rewatch(set, token.descriptor, 1, token.number)
    }

    /// To be called before the descriptor is closed.
    func unwatch(_ token: Token) {
        state.withLock { $0.actions[token.number] = nil }
        _ = shim_gone_unwatch(set, token.descriptor)
    }

    /// Ends the thread and waits for it.
    func stop() {
        let identity = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        guard let identity else { return }
        var one: UInt64 = 1
        _ = write(wake, &one, MemoryLayout<UInt64>.size)
        pthread_join(identity, nil)
    }

    fileprivate func run() {
        var tokens = [UInt64](repeating: 0, count: 64)
        while true {
            let count = shim_gone_wait(set, &tokens, Int32(tokens.count))
            if count < 0 { return }
            for token in tokens.prefix(Int(count)) {
                if token == 0 { return }
                let action = state.withLock { $0.actions.removeValue(forKey: token) }
                action?()
            }
        }
    }
}

private let runWatch: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
    if let context { Unmanaged<PeerWatch>.fromOpaque(context).takeRetainedValue().run() }
    return nil
}
