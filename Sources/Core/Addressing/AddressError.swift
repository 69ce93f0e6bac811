/// A text that isn't the address, prefix, MAC address, interface name or port range it was taken for.
public struct AddressError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The refusal as Go's `net/netip` and `net` word it, because Docker's clients are shown that text.
    public let message: String

    public init(_ message: String) { self.message = message }

    public var description: String { message }
}
