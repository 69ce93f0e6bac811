import Glibc

/// When processes started: with the pid, what tells one from a later one of the same number.
public enum ProcessStart {
    /// Clock ticks since boot (proc_pid_stat(5), field 22); nil when there is no such process.
    public static func ticks(of process: Int32) -> UInt64? {
        guard let text = read("/proc/\(process)/stat") else { return nil }
        // Field 2, the name, may hold spaces and parentheses; field 3 follows the last one.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 19 ? UInt64(fields[19]) : nil
    }

    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}
