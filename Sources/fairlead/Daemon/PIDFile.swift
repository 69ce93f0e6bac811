import CShims
import Glibc

/// The file that holds the daemon's process id, locked as long as it runs.
final class PIDFile {
    private let path: String
    private let descriptor: Int32

    /// - Throws: when another live daemon has it, in dockerd's words.
    init(path: String) throws(StartFailure) {
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw StartFailure("cannot open \(path): \(String(cString: strerror(errno)))") }
        let locked = shim_lock_file(descriptor)
        let other = Self.process(in: descriptor)
        guard locked == 0, other.map({ !Self.isDaemon($0) }) ?? true else {
            close(descriptor)
            throw StartFailure(
                "failed to start daemon, ensure it is not running or delete \(path): process with PID "
                    + "\(other.map(String.init) ?? "unknown") is still running")
        }
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
            let reason = errno
            close(descriptor)
            throw StartFailure("cannot write \(path): \(String(cString: strerror(reason)))")
        }
        self.path = path
        self.descriptor = descriptor
    }

    /// Removes the file, then lets go of it.
    func remove() {
        unlink(path)
        close(descriptor)
    }

    private static func process(in descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes[..<count].prefix { $0 != 0x0A }, as: UTF8.self))
    }

    /// Whether the process is a daemon, ours or Docker's, which locks nothing; numbers are reused.
    private static func isDaemon(_ process: Int32) -> Bool {
        guard process != getpid(), process > 0 else { return false }
        guard let name = try? TextFile.read("/proc/\(process)/comm") else { return false }
        // A killed one stays a zombie until somebody asks for its status: the field behind the name (proc_pid_stat(5)).
        let status = String(decoding: (try? TextFile.read("/proc/\(process)/stat")) ?? [], as: UTF8.self)
        if status.split(separator: ")").last?.dropFirst().first == "Z" { return false }
        return ["fairlead", "dockerd"].contains(String(decoding: name.prefix { $0 != 0x0A }, as: UTF8.self))
    }
}
