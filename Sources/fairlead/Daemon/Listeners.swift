import HTTPServer

/// From `--host` and `--tls…` to what the server listens on.
enum Listeners {
    /// `passed` is what systemd handed over. Throws what can't be read, and what systemd didn't pass.
    static func make(
        for configuration: DaemonConfiguration, _ passed: [SocketActivation.Passed]
    ) throws -> [Listener] {
        let identity = try configuration.tls.map(identity)
        var listeners: [Listener] = []
        for address in configuration.hosts {
            switch address {
            case .unix(let path): listeners.append(Listener(.unix(path: path, group: configuration.group)))
            case .tcp(let host, let port): listeners.append(Listener(.tcp(host: host, port: port), tls: identity))
            case .inherited(let selection):
                for descriptor in try SocketActivation.select(selection, among: passed) {
                    listeners.append(Listener(.inherited(descriptor: descriptor), tls: identity))
                }
            }
        }
        return listeners
    }

    private static func identity(_ files: DaemonConfiguration.TLSFiles) throws(StartFailure) -> TLSIdentity {
        var authority: String?
        if let path = files.authority { authority = try text(path) }
        return TLSIdentity(
            certificate: try text(files.certificate), key: try text(files.key), clientCA: authority)
    }

    private static func text(_ path: String) throws(StartFailure) -> String {
        do {
            if let bytes = try TextFile.read(path) { return String(decoding: bytes, as: UTF8.self) }
        } catch {
            throw StartFailure("could not read \(path): \(error)")
        }
        throw StartFailure("could not read \(path): no such file")
    }
}
