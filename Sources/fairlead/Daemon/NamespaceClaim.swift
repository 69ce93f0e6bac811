import Glibc

/// Holds the daemon's network namespace for one daemon: two of them, each with a store of its own, would take each
/// other's links for leftovers. An abstract socket's name belongs to the namespace (unix(7)), and goes with the process.
final class NamespaceClaim {
    private static let name = "fairlead/network-namespace"

    private let descriptor: Int32

    /// - Throws: when another daemon is in this namespace.
    init() throws(StartFailure) {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw StartFailure("cannot make a socket: \(String(cString: strerror(errno)))") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // The first byte stays 0: an abstract name.
        withUnsafeMutableBytes(of: &address.sun_path) { path in
            for (index, byte) in Self.name.utf8.enumerated() { path[index + 1] = byte }
        }
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let length = socklen_t(offset + 1 + Self.name.utf8.count)
        let bound = withUnsafePointer(to: &address) { [descriptor] pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard bound == 0 else {
            let reason = errno
            close(descriptor)
            throw StartFailure(
                reason == EADDRINUSE
                    ? "another Fairlead daemon runs in this network namespace: stop it, or give this one a network and "
                        + "mount namespace of its own (unshare --net --mount)"
                    : "cannot claim the network namespace: \(String(cString: strerror(reason)))")
        }
    }

    /// Lets another daemon have it.
    func release() { close(descriptor) }
}
