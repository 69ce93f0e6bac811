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
    private let handle = Mutex<Handle?>(nil)

    /// MHD's handle; its functions may be called from any thread.
    private struct Handle: @unchecked Sendable {
        let daemon: OpaquePointer
        /// Texts that MHD keeps pointers to.
        let texts: [UnsafeMutablePointer<CChar>]
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
        handle.withLock { $0 = Handle(daemon: daemon, texts: options.texts) }
    }

    /// Accepts no more connections; those that are open go on.
    func quiesce() {
        handle.withLock { handle in
            guard let handle else { return }
            // MHD gives the socket back.
            _ = MHD_quiesce_daemon(handle.daemon)
            socket.refuseNewcomers()
        }
    }

    /// Closes every connection. None may be suspended, or be able to become so.
    func stop() {
        let handle = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        if let handle {
            MHD_stop_daemon(handle.daemon)
            for text in handle.texts { text.deallocate() }
        }
        socket.close()
    }

    /// Gives the socket back when `start` was not reached or failed.
    func discard() {
        socket.refuseNewcomers()
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
