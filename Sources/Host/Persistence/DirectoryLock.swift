import Glibc
import Synchronization

/// Holds a data root for one process (flock(2)); the kernel lets go when the process ends, however it ends.
final class DirectoryLock: Sendable {
    private let descriptor: Mutex<Int32?>

    init(directory: String) throws(StoreError) {
        let path = directory + "/fairlead.lock"
        let file = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw systemError("open", path) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            let failure =
                isHeld
                ? StoreError(
                    .inUse, "\(directory) is used by another daemon: stop that one, or choose another data root.")
                : systemError("lock", path)
            close(file)
            throw failure
        }
        descriptor = Mutex(file)
    }

    deinit { release() }

    /// Lets another process have the directory; done once.
    func release() {
        descriptor.withLock { descriptor in
            if let descriptor { close(descriptor) }
            descriptor = nil
        }
    }
}
