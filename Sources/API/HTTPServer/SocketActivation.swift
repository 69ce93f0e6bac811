import Glibc

/// Sockets that systemd opened for the daemon (sd_listen_fds(3)).
public enum SocketActivation {
    /// One descriptor passed in, with its `FileDescriptorName=`; empty when none was given.
    public struct Passed: Sendable, Hashable {
        public let descriptor: Int32
        public let name: String

        public init(descriptor: Int32, name: String) {
            self.descriptor = descriptor
            self.name = name
        }
    }

    private static let firstDescriptor = 3

    /// What LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES in `environment` hand to process `pid`. Sockets from the fd
    /// store are among them: tell them apart by name.
    public static func passed(environment: [String: String], pid: Int32) -> [Passed] {
        guard environment["LISTEN_PID"].flatMap(Int32.init) == pid,
            let count = environment["LISTEN_FDS"].flatMap(Int.init), count > 0, count < 1 << 16
        else { return [] }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
        return (0..<count).map { index in
            Passed(
                descriptor: Int32(firstDescriptor + index), name: index < names.count ? String(names[index]) : "")
        }
    }

    /// The same from this process's environment; the descriptors don't survive an exec from here on. Call once, before
    /// other threads run: it takes the variables out of the environment.
    public static func takePassed() -> [Passed] {
        let keys = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
        var environment: [String: String] = [:]
        for key in keys {
            if let value = getenv(key) { environment[key] = String(cString: value) }
            unsetenv(key)
        }
        let all = passed(environment: environment, pid: getpid())
        for one in all { _ = fcntl(one.descriptor, F_SETFD, FD_CLOEXEC) }
        return all
    }

    /// The descriptors that `selection` means. With a number, the other listening sockets are closed, as dockerd does.
    public static func select(
        _ selection: ListenerAddress.InheritedSelection, among passed: [Passed]
    ) throws(ListenError) -> [Int32] {
        let listening = passed.map(\.descriptor).filter(HeldSocket.isListening)
        guard !listening.isEmpty else {
            throw ListenError(
                "no sockets found via socket activation: make sure the service was started by systemd")
        }
        guard case .descriptor(let number) = selection else { return listening }
        guard number >= firstDescriptor, number - firstDescriptor < passed.count else {
            throw ListenError("too few socket activated files passed in by systemd")
        }
        guard let chosen = listening.first(where: { Int($0) == number }) else {
            throw ListenError("failed to listen on systemd activated file: fd \(number)")
        }
        for other in listening where other != chosen { close(other) }
        return [chosen]
    }
}

/// An integer option of level SOL_SOCKET; nil if it has none (or is no socket).
func socketOption(_ descriptor: Int32, _ option: Int32) -> Int32? {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 ? value : nil
}
