import Glibc

/// A listening socket that the server opened in an earlier life of the daemon and that somebody (systemd's fd store)
/// has held since: clients who connect meanwhile wait in its backlog.
public enum HeldSocket {
    /// Whether `descriptor` is what `endpoint` would open now: a stream socket that listens at its address. The file of
    /// a unix socket must still be the one it was bound to: a client who opens the path has to reach this very socket.
    public static func fits(_ descriptor: Int32, _ endpoint: Listener.Endpoint) -> Bool {
        guard isListening(descriptor) else { return false }
        switch endpoint {
        case .unix(let path, _): return UnixSocketFile(of: descriptor, at: path) != nil
        case .tcp(let host, let port):
            guard let resolved = try? ResolvedAddress(host: host, port: port) else { return false }
            return resolved.socketAddress == SocketAddress(localOf: descriptor)
        case .inherited: return false
        }
    }

    /// Closes one that is not wanted any more; the file of a unix socket goes with it.
    public static func discard(_ descriptor: Int32) {
        if case .unix(let path) = SocketAddress(localOf: descriptor) {
            UnixSocketFile(of: descriptor, at: path)?.remove()
        }
        close(descriptor)
    }

    /// Whether it is a stream socket that listens.
    static func isListening(_ descriptor: Int32) -> Bool {
        socketOption(descriptor, SO_ACCEPTCONN) == 1 && socketOption(descriptor, SO_TYPE) == Int32(SOCK_STREAM.rawValue)
    }
}
