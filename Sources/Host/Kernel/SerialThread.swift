/// An executor for actors whose work blocks: one thread of its own, one job at a time, in order.
///
/// The thread ends when the last reference is gone and the queued jobs are done; an actor that returns this from
/// `unownedExecutor` keeps it alive.
public final class SerialThread: SerialExecutor {
    private let queue: WorkQueue

    /// Starts the thread under a name of which the kernel keeps 15 bytes.
    ///
    /// - Throws: The errno of pthread_create(3).
    public init(name: String) throws(SystemCallError) {
        queue = WorkQueue()
        try queue.startThread(name: name)
    }

    deinit { queue.close() }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // The strong reference lets go only after the job: a job may release the last actor on this executor.
        queue.push { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }
}
