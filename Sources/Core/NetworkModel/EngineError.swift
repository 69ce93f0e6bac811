/// A refusal or failure as the caller shall see it: what kind, and the exact text.
///
/// Each text lives with the rule that refuses; `DockerAPI` only maps a class to a status (Docker Engine API,
/// moby `errdefs`).
public struct EngineError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Class: Sendable, Hashable {
        case notFound
        case invalidArgument
        case conflict
        case forbidden
        case unavailable
        case notModified
        case notImplemented
        /// The kernel's, the store's, or what Docker leaves unclassified.
        case system
    }

    public let kind: Class
    public let message: String

    public init(_ kind: Class, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { message }

    /// The same class, with more context before the text.
    public func prefixed(_ context: String) -> EngineError {
        EngineError(kind, context + message)
    }
}
