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
    private let tls: Mutex<TLSIdentity?>
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
        tls = Mutex(listeners.lazy.compactMap(\.tls).first)
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
            Self.discard(daemons, peers, keepsSockets: false)
            throw error
        }
        state.withLock { $0 = .open(daemons, peers) }
    }

    /// The listening sockets that are the server's own, by the place of their listener: for somebody to hold.
    public var ownDescriptors: [Int: Int32] {
        state.withLock { state in
            switch state {
            case .open(let daemons, _), .running(let daemons, _):
                var found: [Int: Int32] = [:]
                for (place, daemon) in daemons.enumerated() { found[place] = daemon.ownDescriptor }
                return found
            case .idle, .stopped: return [:]
            }
        }
    }

    /// Closes what `open` has opened, if `start` is not to follow. `keepsSockets`: as for `stop`.
    public func discard(keepsSockets: Bool = false) {
        let opened = state.withLock { state -> ([ListenerDaemon], PeerWatch)? in
            guard case .open(let daemons, let peers) = state else { return nil }
            state = .stopped
            return (daemons, peers)
        }
        if let (daemons, peers) = opened { Self.discard(daemons, peers, keepsSockets: keepsSockets) }
    }

    private static func discard(_ daemons: [ListenerDaemon], _ peers: PeerWatch, keepsSockets: Bool) {
        for daemon in daemons { daemon.discard(keepsSocket: keepsSockets) }
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

    /// Shows another certificate, or trusts another CA, from the next connection on; listeners without TLS stay so.
    public func renew(_ identity: TLSIdentity) throws(ListenError) {
        if let problem = identity.problem { throw ListenError(problem) }
        guard case .running(let daemons, _) = state.withLock({ $0 }),
            tls.withLock({ current in
                defer { current = identity }
                return current != identity
            })
        else { return }
        for (daemon, listener) in zip(daemons, listeners) where listener.tls != nil { try daemon.renew(tls: identity) }
    }

    /// How long those who had been accepted just before the end may take to say what they want.
    private static let lastCall = Duration.milliseconds(100)

    /// Stops: accepts nothing new (503 on open connections), ends streams after what has been written to them, lets
    /// running requests finish for at most `grace`, then answers 503 in their place and closes everything. A server
    /// that was stopped cannot be started again. `keepsSockets`: others hold the listening sockets, so that clients may
    /// go on to connect, and wait.
    public func stop(grace: Duration = .seconds(10), keepsSockets: Bool = false) async {
        let running = state.withLock { state -> ([ListenerDaemon], PeerWatch)? in
            defer { state = .stopped }
            if case .running(let daemons, let peers) = state { return (daemons, peers) }
            return nil
        }
        guard let (daemons, peers) = running else { return }
        for daemon in daemons { daemon.quiesce(keepsSocket: keepsSockets) }
        if keepsSockets { await Task.detached { try? await Task.sleep(for: Self.lastCall) }.value }
        traffic.drain()
        await traffic.becomeIdle(within: grace)
        traffic.seal()
        // Time for the last words to reach the sockets.
        await traffic.becomeIdle(within: .milliseconds(500))
        for daemon in daemons { daemon.stop() }
        peers.stop()
    }
}
