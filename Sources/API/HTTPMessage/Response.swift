/// What goes back to the client. Framing (Content-Length, chunks) and `Date` are the server's.
public struct Response: Sendable {
    public var status: Int
    public var headers: Headers
    public var body: Body
    /// Where the server keeps its own form of this very response, if it is sent again and again.
    public var kept: KeptForm?

    public enum Body: Sendable {
        case empty
        /// Whole and immutable: may be shared between responses without a copy.
        case bytes([UInt8])
        /// Written while it is sent: chunked on HTTP/1.1; status and headers go out at once.
        case stream(ResponseStream)
    }

    public init(status: Int, headers: Headers = Headers(), body: Body = .empty, kept: KeptForm? = nil) {
        self.status = status
        self.headers = headers
        self.body = body
        self.kept = kept
    }
}

/// Answers requests. The server asks `respondAtOnce` on its own thread first: it must not block, and returns
/// nil for whatever needs the body, a wait or an actor; those go to `respond`, off the server's threads.
public protocol Responder: Sendable {
    func respondAtOnce(to request: RequestHead) -> Response?
    func respond(to request: Request) async -> Response
}

/// A request without its body: all that the fast path sees.
public struct RequestHead: Sendable {
    public let method: String
    public let target: String
    public let headers: Headers
    public let peer: Peer

    public init(method: String, target: String, headers: Headers, peer: Peer) {
        self.method = method
        self.target = target
        self.headers = headers
        self.peer = peer
    }
}
