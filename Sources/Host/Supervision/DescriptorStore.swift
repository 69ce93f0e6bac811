import Glibc
import Synchronization

/// systemd's file descriptor store (sd_notify(3), FDSTORE=1): what is put there outlives this process, stopped or killed,
/// and comes back by name at the next start. Without a supervisor, or with one that holds nothing, all of it does nothing.
public final class DescriptorStore: Sendable {
    private struct State {
        /// What came back and nobody has taken yet, by full name.
        var waiting: [String: Int32] = [:]
        /// The writing end of a pipe whose only other end is in the store.
        var probe: Int32?
    }

    /// Tells our names from those of socket units, which arrive among them.
    private static let prefix = "held-"
    private static let probe = "probe"
    /// systemd's bound on a name (FDNAME_MAX).
    private static let longestName = 255

    private let notifier: ServiceNotifier
    private let state: Mutex<State>

    /// Whether a descriptor that was passed at the start under `name` comes from a store like this one.
    public static func isHeld(_ name: String) -> Bool { name.hasPrefix(prefix) }

    /// `passed` is what the supervisor handed over; descriptors under other names are left alone.
    public init(passed: [(name: String, descriptor: Int32)], notifier: ServiceNotifier) {
        self.notifier = notifier
        var waiting: [String: Int32] = [:]
        for (name, descriptor) in passed where Self.isHeld(name) {
            // One a name: more of them would be somebody else's doing.
            if waiting[name] == nil { waiting[name] = descriptor } else { close(descriptor) }
        }
        state = Mutex(State(waiting: waiting))
    }

    deinit {
        state.withLock { state in
            for descriptor in state.waiting.values { close(descriptor) }
            if let probe = state.probe { close(probe) }
        }
    }

    /// The descriptor that was put under `name` in an earlier life, if there is one: the caller's from now on. It stays
    /// in the store as well, until `remove`.
    public func take(_ name: String) -> Int32? {
        guard let full = Self.full(name) else { return nil }
        return state.withLock { $0.waiting.removeValue(forKey: full) }
    }

    /// Asks the supervisor to hold a descriptor; the caller keeps its own. In `name`, `:` and what is not printable
    /// ASCII becomes `_`; names that are too long are refused.
    ///
    /// - Returns: whether it has been asked; `isHolding` tells whether it complies.
    @discardableResult
    public func put(_ descriptor: Int32, as name: String) -> Bool {
        guard let full = Self.full(name) else { return false }
        return notifier.send("FDSTORE=1\nFDNAME=\(full)\nFDPOLL=0", descriptor: descriptor)
    }

    /// Lets go of what is held under `name`.
    public func remove(_ name: String) {
        if let full = Self.full(name) { letGo(full) }
    }

    private func letGo(_ full: String) {
        notifier.send("FDSTOREREMOVE=1\nFDNAME=\(full)")
    }

    /// What came back and nobody has asked for: removed from the store, and the caller's to close. To be called when
    /// all have taken what is theirs.
    public func takeRest() -> [Int32] {
        let rest = state.withLock { state in
            defer { state.waiting = [:] }
            return state.waiting
        }
        for name in rest.keys { letGo(name) }
        return rest.keys.sorted().compactMap { rest[$0] }
    }

    /// Finds out whether there was room for all that has been put: puts one thing more, whose fate can be seen. To be
    /// called after the last `put`.
    public func verify() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // With FDPOLL left on, systemd drops it by itself when this process, and with it the other end, has gone.
        let isSent = notifier.send("FDSTORE=1\nFDNAME=\(Self.prefix)\(Self.probe)", descriptor: ends[0])
        close(ends[0])
        let old = state.withLock { state in
            defer { state.probe = isSent ? ends[1] : nil }
            return state.probe
        }
        if !isSent { close(ends[1]) }
        if let old { close(old) }
    }

    /// Whether the supervisor holds what has been put, as far as `verify` has found out.
    public var isHolding: Bool {
        state.withLock { state in
            guard let probe = state.probe else { return false }
            var request = pollfd(fd: probe, events: 0, revents: 0)
            return poll(&request, 1, 0) >= 0 && request.revents & Int16(POLLERR) == 0
        }
    }

    private static func full(_ name: String) -> String? {
        let bytes = (prefix + name).utf8.map { byte in
            byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: ":") ? byte : UInt8(ascii: "_")
        }
        return bytes.count <= longestName ? String(decoding: bytes, as: UTF8.self) : nil
    }
}
