public import Dataplane
import Glibc
import Steps

/// Files below `/proc/sys`. Those of `net` show the namespace of the calling thread.
public enum Sysctl {
    /// Reads the sysctl at `path` (`net/ipv4/ip_forward`) in the calling thread's namespace, without its newline.
    ///
    /// - Throws: ENOENT for a sysctl that doesn't exist.
    public static func read(_ path: String) throws(SystemCallError) -> String {
        var text = try TextFile.read(file(of: path))
        if text.last == "\n" { text.removeLast() }
        return text
    }

    /// Writes a value in the calling thread's namespace.
    ///
    /// - Throws: EROFS when `/proc/sys` is read-only, ENOENT for a sysctl that doesn't exist, EINVAL for a value that
    ///   the kernel refuses.
    public static func write(_ value: String, to path: String) throws(SystemCallError) {
        let name = try Self.file(of: path)
        let file = open(name, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemCallError("open", name, errno: errno) }
        defer { close(file) }
        let text = Array(value.utf8) + [UInt8(ascii: "\n")]
        try StepGate.step(.file, "write \(name)") { () throws(SystemCallError) in
            while Glibc.write(file, text, text.count) < 0 {
                guard errno == EINTR else { throw SystemCallError("write", name, errno: errno) }
            }
        }
    }

    /// Reads a sysctl of a namespace; enters it, so only on a thread that may.
    ///
    /// - Throws: `NamespaceError` or `SystemCallError`.
    public static func read(_ id: SysctlID) throws -> String {
        try NamespaceHandle.within(id.namespace) { try read(id.path) }
    }

    /// Writes a sysctl of a namespace; enters it, so only on a thread that may.
    ///
    /// - Throws: `NamespaceError` or `SystemCallError`.
    public static func write(_ id: SysctlID, value: String) throws {
        try NamespaceHandle.within(id.namespace) { try write(value, to: id.path) }
    }

    /// Paths can come from endpoint options: one that climbs out of `/proc/sys` names no sysctl.
    private static func file(of path: String) throws(SystemCallError) -> String {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !segments.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }), !path.utf8.contains(0) else {
            throw SystemCallError("open", "/proc/sys/\(path)", errno: ENOENT)
        }
        return "/proc/sys/\(path)"
    }
}
