/// A network namespace as the data plane names it.
///
/// The daemon's own is `.daemon`; one of ours is known by its pin under the exec-root. An adopted one is known by the
/// path it was handed over by and by what it is: another namespace behind the same path is another one.
public enum Namespace: Sendable, Hashable, Comparable, CustomStringConvertible {
    case daemon
    case path(String)
    /// Boot id and cookie are the identity.
    case adopted(path: String, identity: String)

    public var description: String {
        switch self {
        case .daemon: "the daemon's namespace"
        case .path(let path), .adopted(let path, _): path
        }
    }

    /// Whether somebody else's routes may be in it, and come first.
    var isAdopted: Bool {
        if case .adopted = self { true } else { false }
    }

    /// What they are sorted by; nothing sorts before the daemon's.
    private var rank: (Int, String, String) {
        switch self {
        case .daemon: (0, "", "")
        case .path(let path): (1, path, "")
        case .adopted(let path, let identity): (1, path, identity)
        }
    }

    public static func < (left: Namespace, right: Namespace) -> Bool { left.rank < right.rank }
}

/// A namespace that Fairlead makes and pins: a bind mount of the namespace on a file (ip-netns(8)).
public struct NamespacePin: Sendable, Hashable {
    /// Where the pin is.
    public let path: String

    public init(path: String) {
        self.path = path
    }
}
