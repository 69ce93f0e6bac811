/// Which daemon to talk to, and how: from `--host` and the docker CLI's environment variables.
public struct ClientConfiguration: Sendable, Hashable {
    /// PEM files of a client of a daemon with `--tlsverify`.
    public struct TLS: Sendable, Hashable {
        public var authority: String
        public var certificate: String
        public var key: String

        public init(authority: String, certificate: String, key: String) {
            self.authority = authority
            self.certificate = certificate
            self.key = key
        }
    }

    public var address: DaemonAddress
    /// Nil: plain. Never used on a unix socket.
    public var tls: TLS?

    public init(address: DaemonAddress, tls: TLS? = nil) {
        self.address = address
        self.tls = tls
    }

    /// From `--host`, which wins, and DOCKER_HOST, DOCKER_TLS_VERIFY (TLS, if not empty) and DOCKER_CERT_PATH (by default
    /// `~/.docker`), as docker's manual has them; `defaultSocket` where neither says anything. Throws for a host that
    /// can't be read.
    public init(host: String?, environment: [String: String], defaultSocket: String) throws(ClientError) {
        let verify = environment["DOCKER_TLS_VERIFY"].map { !$0.isEmpty } ?? false
        let named = host ?? environment["DOCKER_HOST"].flatMap { $0.isEmpty ? nil : $0 }
        address =
            try named.map { text throws(ClientError) in try DaemonAddress(text, tls: verify) }
            ?? .unix(path: defaultSocket)
        if verify, case .tcp = address {
            let folder =
                environment["DOCKER_CERT_PATH"].flatMap { $0.isEmpty ? nil : $0 }
                ?? (environment["HOME"] ?? "") + "/.docker"
            tls = TLS(authority: folder + "/ca.pem", certificate: folder + "/cert.pem", key: folder + "/key.pem")
        }
    }
}
