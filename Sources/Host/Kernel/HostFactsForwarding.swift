public import Addressing
internal import Glibc
internal import Netlink

/// Whether the calling thread's namespace forwards, and what has to be seen to before it does.
public enum Forwarding {
    /// The sysctl that turns it on, below `/proc/sys` (kernel ip-sysctl).
    public static func sysctl(_ family: AddressFamily) -> String {
        family == .ipv4 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding"
    }

    /// False also for a family that the kernel doesn't have.
    ///
    /// - Throws: `SystemCallError` when the kernel won't tell.
    public static func isOn(_ family: AddressFamily) throws(SystemCallError) -> Bool {
        do {
            return try Sysctl.read(sysctl(family)) != "0"
        } catch  where error.errno == ENOENT {
            return false
        }
    }

    /// A host that forwards IPv6 no longer heeds router advertisements where `accept_ra` is 1, and would lose its own
    /// default route: there it becomes 2. Interfaces that don't listen to them now, and come later, are left alone.
    ///
    /// - Parameter groups: The link groups of our own networks, which never shall.
    /// - Returns: The interfaces that were changed.
    /// - Throws: `NetlinkError`, or `SystemCallError` when the kernel refuses the change.
    public static func keepRouterAdvertisements(without groups: Set<UInt32> = []) throws -> [String] {
        var changed: [String] = []
        for link in try NetlinkSocket().links() where !groups.contains(link.group) && !link.isLoopback {
            if try keepRouterAdvertisements(on: link.name) { changed.append(link.name) }
        }
        return changed
    }

    /// False where nothing was to be changed: no IPv6 on the interface, or gone meanwhile.
    private static func keepRouterAdvertisements(on link: String) throws(SystemCallError) -> Bool {
        let path = "net/ipv6/conf/\(link)/accept_ra"
        do {
            guard try Sysctl.read(path) == "1" else { return false }
            try Sysctl.write("2", to: path)
            return true
        } catch  where error.errno == ENOENT {
            return false
        }
    }
}
