import CShims
import FairleadAPI
import Glibc

/// The way into a container's namespace for a process of this host (DESIGN section 4, Adopted namespaces): opened as the
/// daemon sees it, entered by ourselves.
struct NamespaceEntry {
    /// Why there is no way in.
    struct Refusal: Error, Hashable {
        let message: String
    }

    private let descriptor: Int32

    /// `peer` is the process at the other end of the socket, by SO_PEERCRED.
    init(_ report: NamespaceReport, peer: Int32?) throws(Refusal) {
        guard Self.isDaemon(report, peer: peer) else {
            throw Refusal(
                message: "the daemon is not process \(report.daemonPid) here: it runs on another machine or in another "
                    + "process namespace; run fairlead exec where it runs")
        }
        let opened =
            report.hostMode
            ? shim_open_own_namespace_of(report.daemonPid) : shim_open_namespace_of(report.daemonPid, report.path)
        guard opened >= 0 else {
            throw Refusal(message: "cannot open the namespace \(report.path): \(String(cString: strerror(-opened)))")
        }
        descriptor = opened
    }

    /// Whether the daemon's number for itself means the same process here. On a socket that systemd opened, the peer is
    /// process 1; then, it is the start time that tells.
    private static func isDaemon(_ report: NamespaceReport, peer: Int32?) -> Bool {
        guard let peer, report.daemonPid > 0, peer == report.daemonPid || peer == 1 else { return false }
        return ProcessStart.ticks(of: report.daemonPid) == report.daemonStart
    }

    /// Moves the calling thread, which must be the one that replaces the process.
    func enter() throws(Refusal) {
        let result = shim_setns_network(descriptor)
        close(descriptor)
        guard result == 0 else {
            throw Refusal(message: "cannot enter the namespace: \(String(cString: strerror(-result)))")
        }
    }
}
