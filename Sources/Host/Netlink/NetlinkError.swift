internal import Glibc

/// A request the kernel refused, or a conversation with it that broke.
public struct NetlinkError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was asked, as a phrase: "create bridge front0".
    public let operation: String
    /// A positive errno value.
    public let errno: Int32
    /// The kernel's own explanation (NLMSGERR_ATTR_MSG), where it gave one.
    public let extack: String?

    public init(operation: String, errno: Int32, extack: String? = nil) {
        self.operation = operation
        self.errno = errno
        self.extack = extack
    }

    /// `<operation>: <errno text>[: <extack>]`
    public var description: String { "\(operation): \(reason)" }

    /// The errno text and, where there is one, the extack.
    public var reason: String {
        let text = Self.text(of: errno)
        return if let extack, !extack.isEmpty { "\(text): \(extack)" } else { text }
    }

    /// The text of an errno value as Go words it ("file exists", "numerical result out of range"): the C library's
    /// with a small first letter, and `errno N` for one it doesn't know.
    public static func text(of errno: Int32) -> String {
        guard let message = strerror(errno) else { return "errno \(errno)" }
        let text = String(cString: message)
        if text.hasPrefix("Unknown error") { return "errno \(errno)" }
        // Acronyms keep their capitals: "RFS specific error".
        if text.dropFirst().first?.isUppercase == true { return text }
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
