internal import CShims
internal import Glibc
internal import HTTPMessage

/// What stays the same for all requests of a connection. Used on its MHD thread only.
final class ConnectionContext {
    let descriptor: Int32
    private let address: SocketAddress?
    private let credentials: (pid: Int32, uid: UInt32)?
    private var verdict: Result<Peer, Refusal>?

    /// Why nothing is served to this client.
    struct Refusal: Error {
        let message: String
    }

    init(descriptor: Int32) {
        self.descriptor = descriptor
        var pid: Int32 = 0
        var uid: UInt32 = 0
        let address = SocketAddress(peerOf: descriptor)
        if case .unix = address, shim_peer_credentials(descriptor, &pid, &uid) == 0 {
            credentials = (pid, uid)
        } else {
            credentials = nil
        }
        self.address = address
    }

    /// The peer, after its certificate has been looked at: MHD asks for one, but serves clients without one, too.
    func peer(session: UnsafeMutableRawPointer?, needsCertificate: Bool) throws(Refusal) -> Peer {
        if let verdict { return try verdict.get() }
        let verdict = judge(session: session, needsCertificate: needsCertificate)
        self.verdict = verdict
        return try verdict.get()
    }

    private func judge(session: UnsafeMutableRawPointer?, needsCertificate: Bool) -> Result<Peer, Refusal> {
        if let credentials { return .success(.unix(pid: credentials.pid, uid: credentials.uid)) }
        let host = address?.host ?? ""
        guard needsCertificate else { return .success(.tcp(address: host, verified: false)) }
        guard let session else { return .failure(Refusal(message: "this address is served over TLS only")) }
        var reason = [CChar](repeating: 0, count: 512)
        switch shim_tls_verify_client(session, &reason, reason.count) {
        case 0: return .success(.tcp(address: host, verified: true))
        case 1: return .failure(Refusal(message: "a client certificate is required: none was sent"))
        case 2:
            let text = reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            return .failure(
                Refusal(message: "the client certificate is refused: \(String(decoding: text, as: UTF8.self))"))
        case let error: return .failure(Refusal(message: "the client certificate cannot be verified (GnuTLS \(error))"))
        }
    }
}
