import CCurl
import CShims
import Glibc

/// Requests to a daemon over a unix socket, TCP or TLS, one after the other. Each blocks its thread until the answer is
/// whole.
public struct Client: Sendable {
    public let configuration: ClientConfiguration
    /// Seconds until a connection is there.
    private let connectSeconds: Int
    /// Seconds until the answer is whole.
    private let totalSeconds: Int

    public init(_ configuration: ClientConfiguration, connectSeconds: Int = 10, totalSeconds: Int = 120) {
        self.configuration = configuration
        self.connectSeconds = connectSeconds
        self.totalSeconds = totalSeconds
    }

    /// Sends one request to a target (path and query, percent-encoded), with a JSON body or none. Returns any answer,
    /// whatever its status; throws when there was none, in docker's words.
    public func request(_ method: String, _ path: String, body: [UInt8]? = nil) throws(ClientError) -> ClientResponse {
        guard let transfer = Transfer() else { throw ClientError("libcurl cannot be initialised") }
        transfer.set(CURLOPT_CONNECTTIMEOUT, number: connectSeconds)
        transfer.set(CURLOPT_TIMEOUT, number: totalSeconds)
        transfer.set(CURLOPT_CUSTOMREQUEST, text: method)
        if method == "HEAD" { transfer.set(CURLOPT_NOBODY, number: 1) }
        direct(transfer, to: path)
        let code = transfer.perform(body: body)
        guard code == CURLE_OK else { throw refusal(code, transfer) }
        return transfer.response
    }

    private func direct(_ transfer: Transfer, to path: String) {
        // Neither proxies nor redirections lead to the daemon that was named.
        transfer.set(CURLOPT_PROXY, text: "")
        transfer.set(CURLOPT_NOPROXY, text: "*")
        switch configuration.address {
        case .unix(let socket):
            transfer.set(CURLOPT_UNIX_SOCKET_PATH, text: socket)
            transfer.set(CURLOPT_URL, text: "http://localhost" + path)
        case .tcp(let host, let port):
            transfer.set(CURLOPT_URL, text: "\(configuration.tls == nil ? "http" : "https")://\(host):\(port)\(path)")
        }
        guard let tls = configuration.tls else { return }
        transfer.set(CURLOPT_CAINFO, text: tls.authority)
        transfer.set(CURLOPT_SSLCERT, text: tls.certificate)
        transfer.set(CURLOPT_SSLKEY, text: tls.key)
    }

    /// The docker CLI's words, with our name.
    private func refusal(_ code: CURLcode, _ transfer: Transfer) -> ClientError {
        let address = configuration.address
        let system = transfer.systemError
        if code == CURLE_COULDNT_CONNECT, system == EACCES || system == EPERM {
            return ClientError("permission denied while trying to connect to the Fairlead daemon at \(address)")
        }
        if code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST {
            return ClientError("Cannot connect to the Fairlead daemon at \(address). Is the daemon running?")
        }
        return ClientError("error during connect: \(address): \(transfer.words(for: code))")
    }
}

/// What came back.
public struct ClientResponse: Sendable {
    public var status: Int
    /// Names and values in the order they came.
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]
    /// The process at the other end of a unix socket (SO_PEERCRED): the one that made it listen.
    public var peer: Int32?

    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = [], peer: Int32? = nil) {
        self.status = status
        self.headers = headers
        self.body = body
        self.peer = peer
    }

    /// The first header field of that name, whatever its case.
    public subscript(name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
