import Glibc

/// Tells systemd how the daemon is (sd_notify(3)); silent where nobody wants to know.
struct ServiceNotifier: Sendable {
    enum State: Sendable {
        case ready
        case reloading
        case stopping
    }

    private let path: String?

    /// - Parameter path: NOTIFY_SOCKET: a path, or an abstract name after `@`.
    init(path: String?) {
        self.path = path.flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
    }

    /// As the environment says.
    init() {
        self.init(path: getenv("NOTIFY_SOCKET").map { String(cString: $0) })
    }

    func tell(_ state: State) {
        guard let path else { return }
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return }
        defer { close(socket) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        // A path ends with a NUL, an abstract name with its last byte.
        let length = socklen_t(offset + name.count + (name[0] == 0 ? 0 : 1))
        let text = Array(Self.text(of: state).utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(socket, text, text.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }

    static func text(of state: State) -> String {
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
