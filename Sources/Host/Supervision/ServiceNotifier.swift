internal import CShims
import Glibc

/// Tells systemd how the daemon is (sd_notify(3)); silent where nobody wants to know.
public struct ServiceNotifier: Sendable {
    public enum State: Sendable {
        case ready
        case reloading
        case stopping
    }

    private let path: String?

    /// - Parameter path: NOTIFY_SOCKET: a path, or an abstract name after `@`.
    public init(path: String?) {
        self.path = path.flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
    }

    /// As the environment says.
    public init() {
        self.init(path: getenv("NOTIFY_SOCKET").map { String(cString: $0) })
    }

    public func tell(_ state: State) {
        send(Self.text(of: state))
    }

    /// Sends assignments, one a line, and a descriptor if there is one.
    ///
    /// - Returns: whether somebody has got it.
    @discardableResult
    func send(_ text: String, descriptor: Int32 = -1) -> Bool {
        guard let path else { return false }
        let bytes = Array(text.utf8)
        return shim_supervision_send(path, bytes, bytes.count, descriptor) == 0
    }

    private static func text(of state: State) -> String {
        switch state {
        case .ready: return "READY=1"
        case .stopping: return "STOPPING=1"
        case .reloading:
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return "RELOADING=1\nMONOTONIC_USEC=\(time.tv_sec * 1_000_000 + time.tv_nsec / 1000)"
        }
    }
}
