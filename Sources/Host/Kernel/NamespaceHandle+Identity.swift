import CShims
import Glibc

/// Which namespace it is, for as long as the machine runs.
///
/// The kernel gives every namespace of one boot a cookie of its own (SO_NETNS_COOKIE, Linux 5.14). Inode numbers are
/// reused at once, so they only stand in where the kernel has no cookie.
public struct NamespaceIdentity: Sendable, Hashable, LosslessStringConvertible {
    /// `<boot id>/cookie:N` or `<boot id>/inode:<device>:<inode>`; what the store keeps.
    public let description: String

    public init?(_ description: String) {
        let parts = description.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[1].hasPrefix("cookie:") || parts[1].hasPrefix("inode:") else {
            return nil
        }
        self.description = description
    }

    fileprivate init(boot: String, rest: String) { description = "\(boot)/\(rest)" }
}

extension NamespaceHandle {
    /// Which namespace this is; enters it, so only on a thread that may.
    ///
    /// - Throws: `NamespaceError` when it can't be entered or asked, `SystemCallError` without `/proc`.
    public borrowing func identity() throws -> NamespaceIdentity { try Self.identity(of: descriptor, "namespace") }

    static func identity(of descriptor: Int32, _ subject: String) throws -> NamespaceIdentity {
        let boot = try boot.get()
        var cookie: UInt64 = 0
        let outcome = try inside(descriptor, subject) { shim_namespace_cookie(&cookie) }
        if outcome == 0 { return NamespaceIdentity(boot: boot, rest: "cookie:\(cookie)") }
        guard outcome == -ENOPROTOOPT else {
            throw NamespaceError.system(SystemCallError("getsockopt", "SO_NETNS_COOKIE", errno: -outcome))
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw NamespaceError.system(SystemCallError("fstat", subject, errno: errno))
        }
        return NamespaceIdentity(boot: boot, rest: "inode:\(status.st_dev):\(status.st_ino)")
    }

    private static let boot = Result { () throws(SystemCallError) in try Sysctl.read("kernel/random/boot_id") }
}
