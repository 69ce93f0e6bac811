/// A fixed pool of threads for work that blocks: system calls that wait, anything between two `setns`.
///
/// Swift's cooperative pool has one thread a core and must never wait for the kernel; these may. Work runs in the
/// order it came, `count` at a time. The threads end when the pool is released and its work is done.
public final class BlockingThreads: Sendable {
    private let queue: WorkQueue

    /// Starts `count` threads called `name`, of which the kernel keeps 15 bytes.
    ///
    /// - Throws: The errno of pthread_create(3), EAGAIN when a limit is reached.
    public init(name: String, count: Int) throws(SystemCallError) {
        precondition(count > 0, "a pool without threads would never run anything")
        queue = WorkQueue()
        for _ in 0..<count {
            do throws(SystemCallError) {
                try queue.startThread(name: name)
            } catch {
                queue.close()
                throw error
            }
        }
    }

    deinit { queue.close() }

    /// Runs `body` on a thread of the pool. Cancellation doesn't stop it: `body` is waited for.
    ///
    /// The caller's executor is left and entered once each; the cooperative pool is not passed through.
    public nonisolated(nonsending) func run<T: Sendable, E: Error>(
        _ body: @escaping @Sendable () throws(E) -> T
    ) async throws(E) -> T {
        let result: Result<T, E> = await withCheckedContinuation { continuation in
            queue.push {
                do throws(E) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
