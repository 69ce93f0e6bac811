public import Dataplane
import Glibc

/// Files below `/proc/sys`. Those of `net` show the namespace of the calling thread.
public enum Sysctl {
    /// Reads the sysctl at `path` (`net/ipv4/ip_forward`) in the calling thread's namespace, without its newline.
    ///
    /// - Throws: ENOENT for a sysctl that doesn't exist.
    public static func read(_ path: String) throws(SystemCallError) -> String {
        let file = try open(path, O_RDONLY)
        defer { close(file) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1024)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw SystemCallError("read", absolute(path), errno: errno)
            }
            if count == 0 { break }
            text.append(contentsOf: buffer[..<count])
        }
        if text.last == UInt8(ascii: "\n") { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }

    /// Writes a value in the calling thread's namespace.
    ///
    /// - Throws: EROFS when `/proc/sys` is read-only, ENOENT for a sysctl that doesn't exist, EINVAL for a value that
    ///   the kernel refuses.
    public static func write(_ value: String, to path: String) throws(SystemCallError) {
        let file = try open(path, O_WRONLY)
        defer { close(file) }
        let text = Array(value.utf8) + [UInt8(ascii: "\n")]
        while true {
            if Glibc.write(file, text, text.count) >= 0 { return }
            guard errno == EINTR else { throw SystemCallError("write", absolute(path), errno: errno) }
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

    private static func absolute(_ path: String) -> String { "/proc/sys/\(path)" }

    /// Paths can come from endpoint options: one that climbs out of `/proc/sys` names no sysctl.
    private static func open(_ path: String, _ flags: Int32) throws(SystemCallError) -> Int32 {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !segments.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }), !path.utf8.contains(0) else {
            throw SystemCallError("open", absolute(path), errno: ENOENT)
        }
        let file = Glibc.open(absolute(path), flags | O_CLOEXEC)
        guard file >= 0 else { throw SystemCallError("open", absolute(path), errno: errno) }
        return file
    }
}
