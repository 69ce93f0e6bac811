internal import Netlink
internal import Synchronization

/// Idle routing sockets of the daemon's namespace. Each serves one user at a time.
final class SocketPool: Sendable {
    private let idle = Mutex<[NetlinkSocket]>([])

    /// Only on a thread that is in the daemon's namespace.
    func borrow() throws(NetlinkError) -> NetlinkSocket {
        if let socket = idle.withLock({ $0.popLast() }) { return socket }
        return try NetlinkSocket()
    }

    /// Not after a broken conversation: such a socket is just let go.
    func giveBack(_ socket: NetlinkSocket) {
        idle.withLock { if $0.count < 8 { $0.append(socket) } }
    }
}
