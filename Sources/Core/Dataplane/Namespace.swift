/// A network namespace as the data plane names it.
///
/// The daemon's own is `.daemon`; every other is known by the path it can be opened at: the pin under the
/// exec-root, or, for an adopted one, the path it was handed over by.
public enum Namespace: Sendable, Hashable, Comparable, CustomStringConvertible {
    case daemon
    case path(String)

    public var description: String {
        switch self {
        case .daemon: "the daemon's namespace"
        case .path(let path): path
        }
    }

    public static func < (left: Namespace, right: Namespace) -> Bool {
        switch (left, right) {
        case (.daemon, .daemon), (.path, .daemon): false
        case (.daemon, .path): true
        case (.path(let left), .path(let right)): left < right
        }
    }
}

/// A namespace that Fairlead makes and pins: a bind mount of the namespace on a file (ip-netns(8)).
public struct NamespacePin: Sendable, Hashable {
    /// Where the pin is.
    public let path: String

    public init(path: String) {
        self.path = path
    }
}
