import CShims
import Glibc
import HTTPServer
import Logging

/// What the process may use.
enum ProcessLimits {
    /// Most connections to one address.
    private static let mostConnections = Limits().connections
    /// Fewest that are of any use.
    private static let fewestConnections = 8
    /// Most descriptors held at a time for store, kernel and worker threads, and for one address itself.
    private static let own = 80
    private static let ownPerListener = 8

    /// Bytes: buffers of request bodies, of streams, of dumps are larger.
    private static let mappedAbove: Int32 = 128 << 10

    /// What was needed once, for a large request, isn't kept for good.
    static func returnMemory() { _ = shim_map_above(mappedAbove) }

    /// Raises the soft limit of open files to the hard one: every connection and adopted namespace costs some.
    ///
    /// - Returns: the limit now.
    static func raise(_ logger: Logger) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return mostConnections }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            logger.debug("raised the limit of open files", metadata: ["from": "\(before)", "to": "\(limit.rlim_max)"])
        } else {
            logger.warning("the limit of open files stays as it is", metadata: ["limit": "\(before)"])
            limit.rlim_cur = before
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// How many connections each of so many listeners may have: clients must never use up the descriptors. libdispatch, on
    /// which Swift's tasks run, ends the process when it can't open a file (`_dispatch_workq_count_runnable_workers`).
    /// What is left over is for adopted namespaces.
    ///
    /// - Throws: when the limit of open files is too low to serve anybody.
    static func connections(descriptors limit: Int, listeners: Int) throws(StartFailure) -> Int {
        let listeners = max(listeners, 1)
        let reserved = own + ownPerListener * listeners
        let share = (limit - reserved) / listeners / 4 * 3
        guard share >= fewestConnections else {
            let needed = reserved + listeners * ((fewestConnections + 2) / 3 * 4)
            throw StartFailure(
                "the limit of open files is \(limit), at least \(needed) are needed here: raise it (LimitNOFILE= in the unit, ulimit -n)"
            )
        }
        return min(share, mostConnections)
    }
}
