internal import CMicroHTTPD
internal import Synchronization

/// A connection that waits for something other than its socket: suspended in MHD until woken. Wakes that come before
/// the connection is suspended are not lost, those that come after its end do nothing.
final class Suspension: Sendable {
    enum Parking {
        case suspended
        /// Something was signalled in the meantime: look again.
        case signalled
        /// The server is about to stop, nothing may be suspended any more.
        case refused
    }

    private struct State {
        var isSuspended = false
        var isSignalled = false
        var isOver = false
    }

    /// MHD's handle is used on its own thread, or while suspended, under the lock; never after `close`.
    private nonisolated(unsafe) let connection: OpaquePointer
    private let traffic: Traffic
    private let state = Mutex(State())

    init(_ connection: OpaquePointer, traffic: Traffic) {
        self.connection = connection
        self.traffic = traffic
    }

    /// For MHD's thread, inside a callback of this connection.
    func park() -> Parking {
        state.withLock { state in
            if state.isSuspended { return .suspended }
            if state.isSignalled {
                state.isSignalled = false
                return .signalled
            }
            // Under this lock: whoever seals wakes all afterwards, and so sees this one.
            if traffic.isSealed { return .refused }
            state.isSuspended = true
            MHD_suspend_connection(connection)
            return .suspended
        }
    }

    /// Suspends and resumes: MHD calls again on its next round. False when the server is about to stop.
    func bounce() -> Bool {
        state.withLock { state in
            if state.isSuspended || traffic.isSealed { return false }
            MHD_suspend_connection(connection)
            MHD_resume_connection(connection)
            return true
        }
    }

    /// From any thread.
    func wake() {
        state.withLock { state in
            if state.isOver { return }
            guard state.isSuspended else {
                state.isSignalled = true
                return
            }
            state.isSuspended = false
            MHD_resume_connection(connection)
        }
    }

    /// The request is over: the handle is not touched any more.
    func close() {
        state.withLock { $0.isOver = true }
    }
}
