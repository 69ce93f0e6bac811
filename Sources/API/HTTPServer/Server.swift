public import HTTPMessage
public import Logging
internal import Synchronization

/// An HTTP/1.1 server on several listeners. Requests without a body that the responder answers at once never leave
/// MHD's threads; for all others the connection is suspended while a task works on the answer.
public final class Server: Sendable {
    private enum State {
        case idle
        /// Sockets are there, and hold whoever connects; nobody is served yet.
        case open([ListenerDaemon], PeerWatch)
        case running([ListenerDaemon], PeerWatch)
        case stopped
    }

    private let listeners: [Listener]
    private let responder: any Responder
    private let limits: Limits
    private let logger: Logger
    private let renderError: @Sendable (Int, String) -> Response
    private let traffic: Traffic
    private let state = Mutex(State.idle)

    /// `renderError` gives the server's own refusals (400, 403, 503) the API's form, from status and message. MHD's few
    /// own (bad request lines, header fields over the limit, 505) are HTML. `logger` gets the warnings about listeners,
    /// and at debug level what libmicrohttpd has to say.
    public init(
        listeners: [Listener], responder: any Responder, limits: Limits = Limits(), logger: Logger,
        renderError: @escaping @Sendable (Int, String) -> Response
    ) {
        self.listeners = listeners
        self.responder = responder
        self.limits = limits
        traffic = Traffic(limits: limits)
        self.logger = logger
        self.renderError = renderError
    }

    /// Opens all listeners, or none: what can't be had, or mustn't be, is known before anything else is done. Clients
    /// may connect from now on, and wait for `start`.
    public func open() throws(ListenError) {
        let peers = try PeerWatch()
        var daemons: [ListenerDaemon] = []
        do throws(ListenError) {
            let shared = ListenerDaemon.Shared(
                responder: responder, renderError: renderError, limits: limits, traffic: traffic, peers: peers,
                logger: logger)
            for listener in listeners { daemons.append(try ListenerDaemon(listener, shared)) }
        } catch {
            Self.discard(daemons, peers)
            throw error
        }
        state.withLock { $0 = .open(daemons, peers) }
    }

    /// Closes what `open` has opened, if `start` is not to follow.
    public func discard() {
        let opened = state.withLock { state -> ([ListenerDaemon], PeerWatch)? in
            guard case .open(let daemons, let peers) = state else { return nil }
            state = .stopped
            return (daemons, peers)
        }
        if let (daemons, peers) = opened { Self.discard(daemons, peers) }
    }

    private static func discard(_ daemons: [ListenerDaemon], _ peers: PeerWatch) {
        for daemon in daemons { daemon.discard() }
        peers.stop()
    }

    /// Serves; opens the listeners first unless that is done. On error, none is left open.
    public func start() throws(ListenError) {
        if state.withLock({ if case .idle = $0 { true } else { false } }) { try open() }
        guard case .open(let daemons, let peers) = state.withLock({ $0 }) else { return }
        do throws(ListenError) {
            for (daemon, listener) in zip(daemons, listeners) { try daemon.start(tls: listener.tls) }
        } catch {
            discard()
            throw error
        }
        state.withLock { $0 = .running(daemons, peers) }
        for daemon in daemons { logger.info("API listens on \(daemon.address)") }
    }

    /// Where it listens, in the order of the listeners, with the ports that were chosen; empty unless running.
    public var addresses: [ListenerAddress] {
        state.withLock { state in
            if case .running(let daemons, _) = state { daemons.map(\.address) } else { [] }
        }
    }

    /// Stops: accepts nothing new (503 on open connections), ends streams after what has been written to them, lets
    /// running requests finish for at most `grace`, then answers 503 in their place and closes everything. A server
    /// that was stopped cannot be started again.
    public func stop(grace: Duration = .seconds(10)) async {
        let running = state.withLock { state -> ([ListenerDaemon], PeerWatch)? in
            defer { state = .stopped }
            if case .running(let daemons, let peers) = state { return (daemons, peers) }
            return nil
        }
        guard let (daemons, peers) = running else { return }
        for daemon in daemons { daemon.quiesce() }
        traffic.drain()
        await traffic.becomeIdle(within: grace)
        traffic.seal()
        // Time for the last words to reach the sockets.
        await traffic.becomeIdle(within: .milliseconds(500))
        for daemon in daemons { daemon.stop() }
        peers.stop()
    }
}
