/// One place to accept connections at. Each is served by an MHD daemon of its own.
public struct Listener: Sendable {
    public var endpoint: Endpoint
    /// Nil: no TLS. Never for unix sockets.
    public var tls: TLSIdentity?
    /// A socket from an earlier life to go on with, the server's from now on; it has to fit (`HeldSocket.fits`).
    public var held: Int32?

    public enum Endpoint: Sendable, Hashable {
        /// A socket at `path`, mode 0660, which belongs to `group`.
        case unix(path: String, group: SocketGroup)
        /// A numeric address or a name; port 0 means any free one.
        case tcp(host: String, port: UInt16)
        /// A listening stream socket that somebody else opened (systemd).
        case inherited(descriptor: Int32)
    }

    public init(_ endpoint: Endpoint, tls: TLSIdentity? = nil) {
        self.endpoint = endpoint
        self.tls = tls
    }
}

/// Whose group a unix socket gets. Docker: `--group`, by default `docker`.
public enum SocketGroup: Sendable, Hashable {
    /// The daemon's own.
    case own
    /// If there is one of that name; else a warning (Docker's default group).
    case preferred(String)
    /// A name or a number; not to have it is an error (an explicit `--group`).
    case required(String)
}

/// What a TLS listener shows and whom it believes: PEM texts, not paths.
public struct TLSIdentity: Sendable, Hashable {
    public var certificate: String
    public var key: String
    /// The CA that client certificates must come from; nil: clients need none (`--tls` without `--tlsverify`).
    public var clientCA: String?

    public init(certificate: String, key: String, clientCA: String?) {
        self.certificate = certificate
        self.key = key
        self.clientCA = clientCA
    }
}

/// Bounds on what clients may cost, for each listener where nothing else is said.
public struct Limits: Sendable, Hashable {
    /// Connections at a time; shared out between the threads. Beyond, clients wait for one to end.
    public var connections: Int
    /// Threads that poll and run `respondAtOnce`; at least 2.
    public var threads: Int
    /// Seconds without a byte, in either direction, after which a connection is closed; also for half a request.
    /// Does not run while an answer is being prepared or a stream has nothing to say.
    public var idleSeconds: UInt32
    /// Bytes for a connection's buffers: bounds request line and header fields.
    public var connectionMemory: Int
    /// Bytes of a request body that are held until somebody reads them.
    public var bodyBuffer: Int
    /// Bytes of large answers that clients have not read yet, over all listeners; beyond that 503.
    public var unreadBytes: Int
    /// Bytes of request bodies held over all listeners, the first `freeBody` of each left aside; beyond that 503.
    public var bodies: Int

    /// Bytes of each request body that nobody counts, so that usual requests are served while others hoard.
    static let freeBody = 16 << 10

    public init(
        connections: Int = 16_384, threads: Int = 2, idleSeconds: UInt32 = 120, connectionMemory: Int = 64 << 10,
        bodyBuffer: Int = 1 << 20, unreadBytes: Int = 256 << 20, bodies: Int = 64 << 20
    ) {
        self.connections = connections
        self.threads = max(2, threads)
        self.idleSeconds = idleSeconds
        self.connectionMemory = connectionMemory
        self.bodyBuffer = bodyBuffer
        self.unreadBytes = unreadBytes
        self.bodies = bodies
    }
}
