internal import CNetlinkRoute
internal import Glibc
internal import Synchronization

/// The port numbers (nl_pid) that this process gives its routing sockets, so that it knows its own changes among the
/// notifications. The kernel itself gives a process's number, or one at random below -4096 (netlink_autobind).
public enum PortNumbers {
    private static let first = UInt32.random(in: 0xA000_0000..<0xF000_0000) & ~0xFF
    private static let next = Atomic<UInt32>(0)

    /// Whether a socket of this process has, or had, that number.
    public static func areOurs(_ number: UInt32) -> Bool { number & ~0xFF == first }

    /// Binds a socket to one of them; if all are taken, to what the kernel gives.
    static func bind(_ descriptor: Int32) -> Bool {
        for _ in 0..<256 {
            let number = next.wrappingAdd(1, ordering: .relaxed).newValue
            if bind(descriptor, to: first | number & 0xFF) { return true }
            guard errno == EADDRINUSE else { return false }
        }
        return bind(descriptor, to: 0)
    }

    private static func bind(_ descriptor: Int32, to number: UInt32) -> Bool {
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_pid = number
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_nl>.size)) == 0
            }
        }
    }
}
