internal import CShims
internal import Glibc

/// Tells when namespaces go: their witness process ends, or their path leads nowhere or to another namespace.
///
/// One thread for all. Processes are watched by pidfd, paths by what the kernel says of the mount table (a pin can't be
/// unlinked or renamed while it is mounted), and whatever tells neither, such as a symbolic link, is looked at every ten
/// seconds. Nothing here keeps a namespace alive.
public final class NamespaceWatch: Sendable {
    private let loop: WatchLoop

    /// Starts the thread; it ends when the watch is released.
    ///
    /// - Throws: The errno of epoll_create(2), eventfd(2) or pthread_create(3).
    public init() throws(SystemCallError) {
        loop = try WatchLoop()
        let queue = WorkQueue()
        try queue.startThread(name: "netns-watch")
        queue.push { [loop] in loop.run() }
        queue.close()
    }

    deinit { loop.stop() }

    /// Calls `onGone` once, on a thread of its own, when the namespace has gone; at once when it has already. Watching
    /// an id again replaces the earlier watch.
    ///
    /// - Throws: The errno of pidfd_open(2) other than ESRCH, such as EMFILE; then nothing is watched.
    public func watch(
        _ id: String, witness: NamespaceWitness, identity: NamespaceIdentity,
        onGone: @escaping @Sendable (String) -> Void
    ) throws(SystemCallError) {
        var descriptor: Int32?
        if let process = witness.process {
            let outcome = shim_pidfd_open(process)
            guard outcome >= 0 || outcome == -ESRCH || outcome == -EINVAL else {
                throw SystemCallError("pidfd_open", "\(process)", errno: -outcome)
            }
            if outcome >= 0 { descriptor = outcome }
        }
        try loop.add(
            Watched(id: id, witness: witness, identity: identity, process: descriptor, onGone: onGone))
    }

    /// Ends a watch: `onGone` is not called after this, unless it is running already.
    public func unwatch(_ id: String) { loop.remove(id) }
}

/// One namespace under watch.
struct Watched: Sendable {
    let id: String
    let witness: NamespaceWitness
    let identity: NamespaceIdentity
    /// A pidfd of the witness, where there is one.
    let process: Int32?
    let onGone: @Sendable (String) -> Void
    /// Where the path led when the identity was last compared.
    var place: Place?
    /// Distinguishes watches that follow each other under one id.
    var number: UInt64 = 0

    init(
        id: String, witness: NamespaceWitness, identity: NamespaceIdentity, process: Int32?,
        onGone: @escaping @Sendable (String) -> Void
    ) {
        self.id = id
        self.witness = witness
        self.identity = identity
        self.process = process
        self.onGone = onGone
    }
}
