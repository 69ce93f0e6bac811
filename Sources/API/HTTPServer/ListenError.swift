/// Why the server cannot listen, as one sentence for the operator.
public struct ListenError: Error, Sendable, Hashable, CustomStringConvertible {
    public let message: String

    public init(_ message: String) {
        self.message = message
    }

    public var description: String { message }
}
