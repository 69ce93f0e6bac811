import Glibc
import Logging

/// What the process may use.
enum ProcessLimits {
    /// Raises the soft limit of open files to the hard one: every connection and namespace costs some.
    static func raise(_ logger: Logger) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return logger.warning("the limit of open files stays as it is", metadata: ["limit": "\(before)"])
        }
        logger.debug("raised the limit of open files", metadata: ["from": "\(before)", "to": "\(limit.rlim_max)"])
    }
}
