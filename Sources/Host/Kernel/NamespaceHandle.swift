import CShims
public import Dataplane
import Glibc

/// An open network namespace. It keeps the namespace alive, so hold it no longer than needed.
public struct NamespaceHandle: ~Copyable, Sendable {
    /// The descriptor, close-on-exec, for attributes such as IFLA_NET_NS_FD. Borrowed: valid while the handle lives.
    public let descriptor: Int32

    private let subject: String

    /// Opens a namespace. An adopted one is looked at first, so only on a thread that may enter it.
    ///
    /// - Throws: `.notANamespace` for a path that is anything but a network namespace, `.replaced` where another one is
    ///   than was adopted, else the errno of open(2).
    public init(_ namespace: Namespace) throws(NamespaceError) {
        // Threads of ours may be elsewhere for a moment, the process (its first thread) never is.
        let (path, expected): (String, String?) =
            switch namespace {
            case .daemon: ("/proc/self/ns/net", nil)
            case .path(let path): (path, nil)
            case .adopted(let path, let identity): (path, identity)
            }
        let outcome = shim_open_network_namespace(path)
        guard outcome >= 0 else {
            if outcome == Int32(SHIM_NOT_A_NETWORK_NAMESPACE) { throw .notANamespace(path: path) }
            throw .system(SystemCallError("open", path, errno: -outcome))
        }
        if let expected {
            do throws(NamespaceError) {
                try Self.refuseOthers(than: expected, outcome, path)
            } catch {
                close(outcome)
                throw error
            }
        }
        descriptor = outcome
        subject = path
    }

    deinit { close(descriptor) }

    private static func refuseOthers(
        than expected: String, _ descriptor: Int32, _ path: String
    ) throws(NamespaceError) {
        let found: NamespaceIdentity
        do {
            found = try identity(of: descriptor, path)
        } catch let error as NamespaceError {
            throw error
        } catch let error as SystemCallError {
            throw .system(error)
        } catch {
            throw .notANamespace(path: path)
        }
        guard found.description == expected else { throw .replaced(path: path) }
    }

    /// Runs `body` with the calling thread in this namespace, and comes back. Sockets made in `body` stay here.
    ///
    /// Only on a thread of `BlockingThreads` or `SerialThread`. A way back that fails ends the process: everything
    /// that the thread does afterwards would hit the wrong namespace.
    ///
    /// - Throws: `NamespaceError` when the way in fails, and what `body` throws.
    public borrowing func withEntered<T: ~Copyable>(_ body: () throws -> T) throws -> T {
        try Self.inside(descriptor, subject, body)
    }

    static func inside<T: ~Copyable>(_ descriptor: Int32, _ subject: String, _ body: () throws -> T) throws -> T {
        assert(shim_thread_is_dedicated(), "only a thread made for it may change its namespace")
        let home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        guard home >= 0 else {
            throw NamespaceError.system(SystemCallError("open", "/proc/thread-self/ns/net", errno: errno))
        }
        defer { close(home) }
        let outcome = shim_setns_network(descriptor)
        guard outcome == 0 else { throw NamespaceError.system(SystemCallError("setns", subject, errno: -outcome)) }
        defer { if shim_setns_network(home) != 0 { abort() } }
        return try body()
    }

    /// Runs `body` in a namespace; in the daemon's own it is just called.
    ///
    /// - Throws: `NamespaceError` when it can't be opened or entered, and what `body` throws.
    public static func within<T: ~Copyable>(_ namespace: Namespace, _ body: () throws -> T) throws -> T {
        if case .daemon = namespace { return try body() }
        return try NamespaceHandle(namespace).withEntered(body)
    }
}

/// Why a namespace can't be used.
public enum NamespaceError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The path leads to a file, but not to a network namespace.
    case notANamespace(path: String)
    /// Another namespace is behind the path than was adopted there.
    case replaced(path: String)
    case system(SystemCallError)

    /// EINVAL where no system call failed.
    public var errno: Int32 {
        switch self {
        case .notANamespace: EINVAL
        case .replaced: ESTALE
        case .system(let error): error.errno
        }
    }

    public var description: String {
        switch self {
        case .notANamespace(let path): "\(path) is not a network namespace"
        case .replaced(let path): "\(path) leads to another network namespace than was adopted there"
        case .system(let error): error.description
        }
    }
}
