internal import CNetlinkRoute
internal import Glibc
internal import Synchronization

/// A routing socket of the namespace its creating thread is in (rtnetlink(7)); it stays there for life, and an open one
/// keeps that namespace alive.
///
/// Calls block, so they belong on a thread made for it. Two callers take turns.
public final class NetlinkSocket: Sendable {
    let descriptor: Int32
    let exchange: Mutex<Exchange>

    /// What belongs to the conversation in progress.
    struct Exchange {
        var sequence: UInt32 = 0
        /// The kernel fills at most 32 KiB at a time when a dump's reader offers that much (netlink_dump).
        var buffer = [UInt8](repeating: 0, count: 65_536)
        /// How much one send may carry so that neither request nor answers overflow a socket buffer.
        var limit: (messages: Int, bytes: Int)
    }

    /// Opens it in the calling thread's network namespace.
    ///
    /// - Throws: `NetlinkError` with the errno of socket(2) or bind(2).
    public init() throws(NetlinkError) {
        let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), NETLINK_ROUTE)
        guard descriptor >= 0 else { throw NetlinkError(operation: "open a routing socket", errno: errno) }
        self.descriptor = descriptor
        exchange = Mutex(Exchange(limit: Self.enlargeBuffers(of: descriptor)))
        // Refusals with text, without a copy of the request; dump filters obeyed or refused.
        for option in [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK] {
            Self.set(descriptor, SOL_NETLINK, option, Int32(1))
        }
        Self.set(descriptor, SOL_SOCKET, SO_RCVTIMEO, timeval(tv_sec: 5, tv_usec: 0))
        guard PortNumbers.bind(descriptor) else {
            throw NetlinkError(operation: "bind a routing socket", errno: errno)
        }
    }

    deinit { close(descriptor) }

    /// With the default 200 KiB the acknowledgements of a few hundred requests are lost (ENOBUFS). Only a privileged
    /// process may go beyond the system's limit; another gets smaller sends.
    private static func enlargeBuffers(of descriptor: Int32) -> (messages: Int, bytes: Int) {
        let wanted = Int32(4 << 20)
        if !set(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, wanted) { set(descriptor, SOL_SOCKET, SO_RCVBUF, wanted) }
        if !set(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, wanted) { set(descriptor, SOL_SOCKET, SO_SNDBUF, wanted) }
        // An acknowledgement is charged with its whole allocation: 768 bytes, 1,280 with a text.
        return (max(1, get(descriptor, SO_RCVBUF) / 2048), max(8192, get(descriptor, SO_SNDBUF) / 4))
    }

    @discardableResult
    private static func set<Value: BitwiseCopyable>(
        _ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Value
    ) -> Bool {
        var value = value
        return setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Value>.size)) == 0
    }

    private static func get(_ descriptor: Int32, _ option: Int32) -> Int {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 ? Int(value) : 0
    }
}
