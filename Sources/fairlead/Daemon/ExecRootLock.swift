import CShims
import Glibc

/// Holds the directory of pinned namespaces for one daemon: another's pins would be leftovers to it, and be removed. The kernel
/// lets go when the process ends, however it ends (flock(2)).
final class ExecRootLock {
    private let descriptor: Int32

    /// - Throws: when another daemon has it.
    init(directory: String) throws(StartFailure) {
        descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw StartFailure("cannot open \(directory): \(String(cString: strerror(errno)))")
        }
        guard shim_lock_file(descriptor) == 0 else {
            close(descriptor)
            throw StartFailure("\(directory) is used by another daemon: stop that one, or choose another --exec-root")
        }
    }

    deinit { close(descriptor) }
}
