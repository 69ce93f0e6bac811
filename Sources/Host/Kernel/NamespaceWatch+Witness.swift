internal import CShims
public import Dataplane
internal import Glibc

/// What a namespace is known by to live: it has gone when this has.
public enum NamespaceWitness: Sendable, Hashable, CustomStringConvertible {
    /// A process in it (`pid:N`).
    case process(Int32)
    /// A path that leads to it.
    case path(String)

    /// Where the namespace can be opened.
    public var path: String {
        switch self {
        case .process(let pid): "/proc/\(pid)/ns/net"
        case .path(let path): path
        }
    }

    /// The namespace as the data plane names it.
    public var namespace: Namespace { .path(path) }

    public var description: String {
        switch self {
        case .process(let pid): "pid:\(pid)"
        case .path(let path): path
        }
    }

    /// The process with whose end the path leads nowhere, or anywhere: N of `/proc/N/ns/net` and whatever else is below
    /// `/proc/N`.
    public var process: Int32? {
        switch self {
        case .process(let pid): return pid
        case .path(let path):
            let parts = path.split(separator: "/")
            return parts.count > 2 && parts[0] == "proc" ? Int32(parts[1]) : nil
        }
    }

    /// Whether the mount table has nothing to say of it.
    var isUnmounted: Bool {
        switch self {
        case .process: true
        case .path(let path): process != nil && path.hasSuffix("/ns/net")
        }
    }
}

/// Which file a path leads to in which mount, as cheaply as it can be asked.
struct Place: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let mount: UInt64

    init?(_ path: String) {
        var place = shim_place()
        guard shim_place_of(path, &place) == 0 else { return nil }
        device = place.device
        inode = place.inode
        mount = place.mount
    }

    /// A namespace's inode is reused at once when it goes, a mount's number never: where the kernel tells it, equal
    /// places in mounts of their own are the same namespace. All of `/proc/N/ns/net` are in one mount, and a symbolic
    /// link may lead to one.
    var isUnambiguous: Bool { mount != 0 && mount != Self.unpinned?.mount }

    private static let unpinned = Place("/proc/self/ns/net")
}
