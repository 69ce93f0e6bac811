import CShims
import Glibc
import Synchronization

/// Closures for threads to run, first in, first out.
final class WorkQueue: Sendable {
    typealias Work = @Sendable () -> Void

    fileprivate struct State: Sendable {
        /// Work to come, and how much of the front is taken already; taken places are dropped when all are.
        var waiting: [Work?] = []
        var taken = 0
        var isClosed = false
        var threads = 0
    }

    private let state = Mutex(State())
    private let signal = Semaphore()

    /// Adds work; one idle thread wakes.
    func push(_ work: @escaping Work) {
        state.withLock { $0.waiting.append(work) }
        signal.post()
    }

    /// Threads end once there is nothing left to do.
    func close() {
        let threads = state.withLock {
            $0.isClosed = true
            return $0.threads
        }
        for _ in 0..<threads { signal.post() }
    }

    /// Starts one more thread that serves this queue until it is closed and empty.
    func startThread(name: String) throws(SystemCallError) {
        state.withLock { $0.threads += 1 }
        let context = Unmanaged.passRetained(self)
        let outcome = shim_thread_start(name, serveQueue, context.toOpaque())
        if outcome < 0 {
            context.release()
            state.withLock { $0.threads -= 1 }
            throw SystemCallError("pthread_create", name, errno: -outcome)
        }
    }

    fileprivate func serve() {
        while true {
            signal.wait()
            let (work, isOver) = state.withLock { ($0.next(), $0.isClosed) }
            if let work { work() } else if isOver { return }
        }
    }
}

extension WorkQueue.State {
    fileprivate mutating func next() -> WorkQueue.Work? {
        guard taken < waiting.count else { return nil }
        let work = waiting[taken]
        waiting[taken] = nil
        taken += 1
        if taken == waiting.count {
            waiting.removeAll(keepingCapacity: taken <= 1024)
            taken = 0
        } else if taken >= 1024 {
            waiting.removeFirst(taken)
            taken = 0
        }
        return work
    }
}

/// A C function, so that it is bound to no actor.
private let serveQueue: @convention(c) (UnsafeMutableRawPointer) -> Void = { context in
    Unmanaged<WorkQueue>.fromOpaque(context).takeRetainedValue().serve()
}

/// sem_t at an address of its own: waking one thread is one futex call.
///
/// Unchecked, since the pointer never changes and sem_post(3) and sem_wait(3) are made for sharing.
private final class Semaphore: @unchecked Sendable {
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func post() { sem_post(semaphore) }

    func wait() { while sem_wait(semaphore) != 0 {} }
}
