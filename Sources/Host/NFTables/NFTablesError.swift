import Glibc

/// What the kernel refused, and why: `add element guarded4 { 10.0.0.2 }: file exists`.
///
/// nf_tables gives an errno and the place in the message, no text.
public struct NFTablesError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was tried: `add element`.
    public let operation: String
    /// On what: `guarded4 { 10.0.0.2 }`.
    public let object: String
    public let errno: Int32

    public init(operation: String, object: String, errno: Int32) {
        self.operation = operation
        self.object = object
        self.errno = errno
    }

    /// Lower case, as Go prints errors.
    public var description: String {
        let prefix = object.isEmpty ? operation : operation + " " + object
        guard let text = strerror(errno) else { return "\(prefix): errno \(errno)" }
        let reason = String(cString: text)
        return prefix + ": " + reason.prefix(1).lowercased() + reason.dropFirst()
    }
}
