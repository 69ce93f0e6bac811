/// Where a container is in its life.
public struct ContainerState: Sendable, Hashable {
    public enum Status: String, Sendable, Hashable {
        case created
        case running
        case exited
        case restarting
        case removing
    }

    public var status: Status
    public var exitCode: Int
    /// The text of the last failed start, or "".
    public var error: String
    public var started: Timestamp
    public var finished: Timestamp
    public var restartCount: Int
    /// Whether the user stopped it: then `unless-stopped` leaves it alone.
    public var stoppedByUser: Bool

    public init(
        status: Status = .created, exitCode: Int = 0, error: String = "", started: Timestamp = .zero,
        finished: Timestamp = .zero, restartCount: Int = 0, stoppedByUser: Bool = false
    ) {
        self.status = status
        self.exitCode = exitCode
        self.error = error
        self.started = started
        self.finished = finished
        self.restartCount = restartCount
        self.stoppedByUser = stoppedByUser
    }

    public var isRunning: Bool { status == .running || status == .restarting }
}

/// A running container's namespace: what it is opened by, and what it is known by.
public struct Sandbox: Sendable, Hashable {
    public let id: ObjectID
    /// Where the namespace is opened: `SandboxKey`.
    public let path: String
    /// Boot id and namespace cookie (SO_NETNS_COOKIE): unique where an inode is not; of the daemon's own namespace in
    /// host mode, "" for a pinned namespace, which its pin identifies.
    public let identity: String
    /// Handed over by its owner, so never ours to end.
    public let isAdopted: Bool
    /// The process that holds an adopted namespace (`pid:N`); 0 without one.
    public let pid: Int32

    public init(id: ObjectID, path: String, identity: String, isAdopted: Bool = false, pid: Int32 = 0) {
        self.id = id
        self.path = path
        self.identity = identity
        self.isAdopted = isAdopted
        self.pid = pid
    }
}
