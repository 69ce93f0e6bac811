internal import Netlink

/// A system call that failed, with what it was about and why.
public struct SystemCallError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The call's name, for example `open`.
    public let call: String
    /// The path, interface or other thing it was about.
    public let subject: String
    /// errno(3).
    public let errno: Int32

    public init(_ call: String, _ subject: String, errno: Int32) {
        self.call = call
        self.subject = subject
        self.errno = errno
    }

    /// The kernel's words for the errno, as Go writes them: `read-only file system`.
    public var reason: String { NetlinkError.text(of: errno) }

    public var description: String { "\(call) \(subject): \(reason)" }
}
