/// Why a request got no answer, as one sentence for whoever typed the command.
public struct ClientError: Error, Sendable, Hashable, CustomStringConvertible {
    public let message: String

    public init(_ message: String) {
        self.message = message
    }

    public var description: String { message }
}
