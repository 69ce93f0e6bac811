import HTTPServer
import Supervision

/// From `--host` and `--tls…` to what the server listens on.
enum Listeners {
    /// `passed` is what systemd's socket units handed over, `descriptors` what an earlier life of the daemon had put
    /// away: a socket that still fits is gone on with, another is closed and forgotten.
    ///
    /// - Throws: what can't be read, and what systemd didn't pass.
    static func make(
        for configuration: DaemonConfiguration, _ passed: [SocketActivation.Passed], _ descriptors: DescriptorStore
    ) throws -> [Listener] {
        let identity = try configuration.tls.map(Self.identity)
        var listeners = try configuration.hosts.flatMap { address throws(ListenError) in
            try address.listeners(group: configuration.group, tls: identity, passed: passed)
        }
        for index in listeners.indices {
            let endpoint = listeners[index].endpoint
            guard let name = name(of: endpoint), let held = descriptors.take(name) else { continue }
            if HeldSocket.fits(held, endpoint) {
                listeners[index].held = held
            } else {
                HeldSocket.discard(held)
                descriptors.remove(name)
            }
        }
        for held in descriptors.takeRest() { HeldSocket.discard(held) }
        return listeners
    }

    /// Checks what can be known without opening anything: certificates, names, and whether plain TCP stays on loopback.
    static func check(_ configuration: DaemonConfiguration) throws {
        let identity = try configuration.tls.map(Self.identity)
        for case .tcp(let host, let port) in configuration.hosts {
            try ListenerAddress.checkTCP(host: host, port: port, tls: identity)
        }
    }

    /// Has the sockets that the server opened by itself held over its end.
    static func hand(_ listeners: [Listener], of server: Server, to descriptors: DescriptorStore) {
        let own = server.ownDescriptors
        for (place, listener) in listeners.enumerated() where listener.held == nil {
            guard let descriptor = own[place], let name = name(of: listener.endpoint) else { continue }
            descriptors.put(descriptor, as: name)
        }
        if !own.isEmpty { descriptors.verify() }
    }

    /// What a socket of our own is held under: its `--host`.
    private static func name(of endpoint: Listener.Endpoint) -> String? {
        switch endpoint {
        case .unix(let path, _): "api-\(ListenerAddress.unix(path: path))"
        case .tcp(let host, let port): "api-\(ListenerAddress.tcp(host: host, port: port))"
        case .inherited: nil
        }
    }

    /// Reads the files, and makes sure that they can be served with.
    static func identity(_ files: DaemonConfiguration.TLSFiles) throws(StartFailure) -> TLSIdentity {
        var authority: String?
        if let path = files.authority { authority = try text(path) }
        let identity = TLSIdentity(
            certificate: try text(files.certificate), key: try text(files.key), clientCA: authority)
        if let problem = identity.problem {
            let names = [files.certificate, files.key, files.authority].compactMap(\.self).joined(separator: ", ")
            throw StartFailure("\(problem) (\(names))")
        }
        return identity
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
