internal import CMicroHTTPD
internal import CShims
internal import HTTPMessage
internal import Logging
internal import Synchronization

/// One listener's MHD daemon: its threads poll the connections and call back into `Exchange`.
final class ListenerDaemon: Sendable {
    let responder: any Responder
    let renderError: @Sendable (Int, String) -> Response
    let limits: Limits
    let traffic: Traffic
    let peers: PeerWatch
    let isPlainTCP: Bool
    let address: ListenerAddress
    private let needsCertificate: Bool
    private let socket: ListeningSocket
    private let log: MHDLog
    /// The last one accepts; those before it, of earlier certificates, end with their connections.
    private let handles = Mutex<[Handle]>([])

    /// MHD's handle; its functions may be called from any thread.
    private struct Handle: @unchecked Sendable {
        let daemon: OpaquePointer
        /// Texts that MHD keeps pointers to.
        let texts: [UnsafeMutablePointer<CChar>]
        var isQuiet = false

        /// Accepts no more. MHD gives the socket back: it must not close it.
        mutating func quiesce() {
            if !isQuiet { _ = MHD_quiesce_daemon(daemon) }
            isQuiet = true
        }

        mutating func stop() {
            quiesce()
            MHD_stop_daemon(daemon)
            for text in texts { text.deallocate() }
        }
    }

    /// What all daemons of a server share.
    struct Shared: Sendable {
        let responder: any Responder
        let renderError: @Sendable (Int, String) -> Response
        let limits: Limits
        let traffic: Traffic
        let peers: PeerWatch
        let logger: Logger
    }

    /// Opens the listener's socket; nothing is accepted before `start`.
    init(_ listener: Listener, _ shared: Shared) throws(ListenError) {
        socket = try ListeningSocket.open(listener)
        responder = shared.responder
        renderError = shared.renderError
        limits = shared.limits
        traffic = shared.traffic
        peers = shared.peers
        isPlainTCP = socket.isPlainTCP
        address = socket.address
        needsCertificate = listener.tls?.clientCA != nil
        log = MHDLog(shared.logger)
        for warning in socket.warnings { shared.logger.warning("\(warning)") }
    }

    func start(tls: TLSIdentity?) throws(ListenError) {
        var options = DaemonOptions(self, descriptor: socket.descriptor, limits: limits)
        if let tls { options.add(tls) }
        let daemon = log.withSink { sink in
            shim_mhd_start(
                options.flags, unsafeBitCast(MHDCallbacks.access, to: UnsafeMutableRawPointer.self), options.context,
                sink, options.items)
        }
        guard let daemon else {
            options.freeTexts()
            throw ListenError("cannot serve \(address): \(log.last ?? "libmicrohttpd does not start")")
        }
        handles.withLock { $0.append(Handle(daemon: daemon, texts: options.texts)) }
    }

    /// Whose socket it is: the server's own, or somebody else's.
    var ownDescriptor: Int32? { socket.isOwned ? socket.descriptor : nil }

    /// Shows other certificates from now on; connections that are open go on as they were.
    func renew(tls: TLSIdentity) throws(ListenError) {
        try start(tls: tls)
        handles.withLock { handles in
            guard let current = handles.popLast() else { return }
            var kept: [Handle] = []
            for var old in handles {
                old.quiesce()
                // Nothing is suspended where there is no connection.
                if shim_mhd_connections(old.daemon) == 0 { old.stop() } else { kept.append(old) }
            }
            handles = kept + [current]
        }
    }

    /// Accepts no more connections; those that are open go on. With `keepsSocket`, clients may go on to connect, and
    /// wait for whoever has the socket next.
    func quiesce(keepsSocket: Bool) {
        handles.withLock { handles in
            for index in handles.indices { handles[index].quiesce() }
        }
        if !keepsSocket { socket.refuseNewcomers() }
    }

    /// Closes every connection. None may be suspended, or be able to become so.
    func stop() {
        let ending = handles.withLock { handles in
            defer { handles = [] }
            return handles
        }
        for var handle in ending { handle.stop() }
        socket.close()
    }

    /// Gives the socket back when `start` was not reached or failed.
    func discard(keepsSocket: Bool) {
        if !keepsSocket { socket.refuseNewcomers() }
        stop()
    }

    func descriptor(of connection: OpaquePointer) -> Int32 {
        shim_mhd_connection_fd(connection)
    }

    func peer(of connection: OpaquePointer) throws(ConnectionContext.Refusal) -> Peer {
        guard let raw = shim_mhd_socket_context(connection) else {
            throw ConnectionContext.Refusal(message: "the connection's peer is unknown")
        }
        let context = Unmanaged<ConnectionContext>.fromOpaque(raw).takeUnretainedValue()
        return try context.peer(
            session: needsCertificate ? shim_mhd_tls_session(connection) : nil, needsCertificate: needsCertificate)
    }
}
