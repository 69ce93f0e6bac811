public import Dataplane
public import Kernel
public import NetworkModel

/// Where the namespaces of running containers are pinned: `<exec-root>/netns/<id12>`.
public struct SandboxDirectory: Sendable, Hashable {
    public let path: String

    /// - Parameter execRoot: An absolute path.
    public init(execRoot: String) {
        let root = execRoot.count > 1 && execRoot.hasSuffix("/") ? String(execRoot.dropLast()) : execRoot
        path = root == "/" ? "/netns" : "\(root)/netns"
    }

    /// The pin of a container's namespace.
    public func pin(of container: ObjectID) -> NamespacePin { NamespacePin(path: "\(path)/\(container.short)") }

    /// The namespace a container has or shall have, under a new sandbox id; its identity is "" until it has been made.
    public func sandbox(for container: ObjectID, identity: String = "") -> Sandbox {
        Sandbox(id: .random(), path: pin(of: container).path, identity: identity)
    }

    /// The short id in a pin's name; nil for what wasn't named by us.
    public func container(of pin: NamespacePin) -> String? {
        guard pin.path.hasPrefix(path + "/") else { return nil }
        let name = pin.path.dropFirst(path.utf8.count + 1)
        guard name.utf8.count == 12, name.utf8.allSatisfy(Self.isHexadecimal) else { return nil }
        return String(name)
    }

    /// The pins of ours that are there; other files are not told of.
    ///
    /// - Throws: The errno of opendir(3).
    public func pins() throws(NamespaceError) -> [NamespacePin] {
        try NamespaceHandle.pins(in: path).filter { container(of: $0) != nil }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
