/// Runs what comes next of a request on the thread that made it possible: the store's after its COMMIT, the kernel
/// worker's after its last answer. Passing it to the cooperative pool instead costs a thread switch each time, and on a
/// busy machine a place in the queue for a CPU.
///
/// For the short parts between two waits only: whatever blocks has threads of its own. Nobody may resume a continuation
/// while holding a lock.
final class InlineExecutor: TaskExecutor {
    static let shared = InlineExecutor()

    func enqueue(_ job: consuming ExecutorJob) {
        UnownedJob(job).runSynchronously(on: asUnownedTaskExecutor())
    }
}
