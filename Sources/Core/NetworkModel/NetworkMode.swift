/// `HostConfig.NetworkMode`: whose network stack a container has.
public enum NetworkMode: Sendable, Hashable, CustomStringConvertible {
    case bridge
    case host
    case none
    /// Shares another container's namespace: its id, name or id prefix.
    case container(String)
    /// A network by name, id or id prefix.
    case network(String)

    /// "" and `default` mean `bridge`. A malformed `container:` is kept as a network name and refused by validation.
    public init(_ text: String) {
        switch text {
        case "", "default", "bridge": self = .bridge
        case "host": self = .host
        case "none": self = .none
        case _ where text.hasPrefix("container:"): self = .container(String(text.dropFirst("container:".count)))
        default: self = .network(text)
        }
    }

    /// As inspect shows it.
    public var description: String {
        switch self {
        case .bridge: "bridge"
        case .host: "host"
        case .none: "none"
        case .container(let term): "container:" + term
        case .network(let term): term
        }
    }

    /// Whether it is another container's.
    public var isShared: Bool {
        if case .container = self { true } else { false }
    }

    /// Whether the container has a namespace of its own that networks can be connected to.
    public var isPrivate: Bool {
        switch self {
        case .bridge, .none, .network: true
        case .host, .container: false
        }
    }
}
