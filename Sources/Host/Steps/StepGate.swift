internal import Glibc
internal import Synchronization

/// What changes the machine or the store, one kernel or database operation at a time (DESIGN section 8).
public enum StepKind: String, Sendable {
    /// One send of rtnetlink or conntrack changes.
    case netlink
    /// One transaction on the ruleset.
    case nftables
    /// One SQLite transaction that lasts.
    case commit
    case mount
    case unmount
    /// A file or directory made, written or removed; sysctls are files.
    case file
}

/// Announces every step to whoever started the daemon with `--step-fd`, and lets it be taken only after an answer: so a
/// test can end the daemon before and after each. Without that option a step costs one load of a flag.
///
/// On the descriptor, a line each: `before <kind> <what>`, then one byte is waited for, then the step is taken, then
/// `after <kind> <what>` and one byte again. One step at a time: others wait. Once the other side is gone, nothing is
/// announced any more.
public enum StepGate {
    /// The descriptor, or -1. One for the process, since steps are taken in four modules on threads of their own, and
    /// each would have to be handed the gate for nothing but this.
    private static let descriptor = Atomic<Int32>(-1)
    private static let turn = Mutex(())

    /// Announces from now on. `descriptor` is a stream socket, or the like, in both directions.
    public static func open(_ descriptor: Int32) {
        self.descriptor.store(descriptor, ordering: .releasing)
    }

    /// Takes a step.
    @inline(__always)
    public static func step<Value: Sendable, Failure: Error>(
        _ kind: StepKind, _ what: @autoclosure () -> String, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        guard descriptor.load(ordering: .acquiring) >= 0 else { return try body() }
        return try announced("\(kind.rawValue) \(what())", body)
    }

    private static func announced<Value: Sendable, Failure: Error>(
        _ name: String, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try turn.withLock { _ throws(Failure) in
            announce("before \(name)")
            defer { announce("after \(name)") }
            return try body()
        }
    }

    private static func announce(_ line: String) {
        let descriptor = descriptor.load(ordering: .acquiring)
        guard descriptor >= 0 else { return }
        // A name that came from a client must not end the line.
        let text = Array(line.replacing("\n", with: " ").utf8) + [0x0A]
        var answer: UInt8 = 0
        guard write(descriptor, text, text.count) == text.count, read(descriptor, &answer, 1) == 1 else {
            return self.descriptor.store(-1, ordering: .releasing)
        }
    }
}
