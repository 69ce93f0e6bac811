import Glibc

/// A socket that listens, and what the server must know about it.
struct ListeningSocket {
    let descriptor: Int32
    let address: ListenerAddress
    /// TCP without TLS: the rules of `PlainTCP` hold for every request.
    let isPlainTCP: Bool
    /// False for descriptors that somebody else opened: they are left as they are when the server stops.
    let isOwned: Bool
    /// The file of a unix socket of ours, removed when the server stops.
    let file: UnixSocketFile?
    /// Sentences for the log.
    let warnings: [String]

    static let backlog: Int32 = 1024

    static func open(_ listener: Listener) throws(ListenError) -> ListeningSocket {
        switch listener.endpoint {
        case .unix(let path, let group):
            if let held = listener.held { return try resumeUnix(held, path: path, group: group) }
            return try openUnix(path: path, group: group)
        case .tcp(let host, let port):
            let descriptor: Int32
            if let held = listener.held { descriptor = held } else { descriptor = try bindTCP(host: host, port: port) }
            return try guarded(descriptor, tls: listener.tls, owned: true)
        case .inherited(let descriptor):
            let flags = fcntl(descriptor, F_GETFL)
            guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 else {
                throw ListenError("failed to listen on systemd activated file: fd \(descriptor): \(errorText(errno))")
            }
            return try guarded(descriptor, tls: listener.tls, owned: false)
        }
    }

    /// Applies the rules for TCP without client certificates to a bound socket, then listens.
    private static func guarded(
        _ descriptor: Int32, tls: TLSIdentity?, owned: Bool
    ) throws(ListenError) -> ListeningSocket {
        do throws(ListenError) {
            guard let local = SocketAddress(localOf: descriptor), let address = local.listenerAddress else {
                throw ListenError("fd \(descriptor) is neither a unix socket nor a TCP socket")
            }
            var warnings: [String] = []
            if case .tcp = address, tls?.clientCA == nil {
                guard local.isLoopback else { throw PlainTCP.refusal(of: address, tls: tls != nil) }
                warnings.append(PlainTCP.warning(about: address))
            }
            if owned, listen(descriptor, backlog) != 0 { throw failure(address, errno) }
            var isTCP = false
            if case .tcp = address { isTCP = true }
            return ListeningSocket(
                descriptor: descriptor, address: address, isPlainTCP: isTCP && tls == nil, isOwned: owned, file: nil,
                warnings: warnings)
        } catch {
            if owned { Glibc.close(descriptor) }
            throw error
        }
    }

    private static func openUnix(path: String, group: SocketGroup) throws(ListenError) -> ListeningSocket {
        let (file, descriptor, warnings) = try UnixSocketFile.bind(path: path, group: group)
        let address = ListenerAddress.unix(path: path)
        guard listen(descriptor, backlog) == 0 else {
            let error = errno
            Glibc.close(descriptor)
            file.remove()
            throw failure(address, error)
        }
        return ListeningSocket(
            descriptor: descriptor, address: address, isPlainTCP: false, isOwned: true, file: file, warnings: warnings)
    }

    /// Goes on with a socket from an earlier life.
    private static func resumeUnix(
        _ descriptor: Int32, path: String, group: SocketGroup
    ) throws(ListenError) -> ListeningSocket {
        do throws(ListenError) {
            guard let file = UnixSocketFile(of: descriptor, at: path) else {
                throw ListenError("the file of the held socket is not there any more: \(path)")
            }
            let warnings = try file.setAccess(group: group)
            // Anew, so that SO_PEERCRED names this process to whoever connects from now on (unix(7)).
            guard listen(descriptor, backlog) == 0 else { throw failure(.unix(path: path), errno) }
            return ListeningSocket(
                descriptor: descriptor, address: .unix(path: path), isPlainTCP: false, isOwned: true, file: file,
                warnings: warnings)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    private static func bindTCP(host: String, port: UInt16) throws(ListenError) -> Int32 {
        let address = ListenerAddress.tcp(host: host, port: port)
        let resolved = try ResolvedAddress(host: host, port: port)
        let descriptor = socket(
            resolved.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw failure(address, errno) }
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard resolved.withSockaddr({ Glibc.bind(descriptor, $0, $1) }) == 0 else {
            let error = errno
            Glibc.close(descriptor)
            throw failure(address, error)
        }
        return descriptor
    }

    private static func failure(_ address: ListenerAddress, _ error: Int32) -> ListenError {
        ListenError("cannot listen on \(address): \(errorText(error))")
    }

    /// Wakes clients that wait in the backlog with a refusal; the descriptor stays valid until `close`.
    func refuseNewcomers() {
        file?.remove()
        if isOwned { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    func close() {
        if isOwned { Glibc.close(descriptor) }
    }
}

/// errno's text.
func errorText(_ error: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    return buffer.withUnsafeMutableBufferPointer { pointer in
        guard let base = pointer.baseAddress, strerror_r(error, base, pointer.count) == 0 else {
            return "error \(error)"
        }
        return String(cString: base)
    }
}
