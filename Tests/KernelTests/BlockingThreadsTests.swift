import Glibc
import Testing

@testable import Kernel

extension LinkTests {
    @Suite(.serialized, .ownNamespaces) struct BlockingThreadsTests {
        /// How many threads of this process have that name.
        private func threads(named name: String) -> Int {
            guard let directory = opendir("/proc/self/task") else { return -1 }
            defer { closedir(directory) }
            var count = 0
            while let entry = readdir(directory) {
                let id = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if contents(of: "/proc/self/task/\(id)/comm") == name + "\n" { count += 1 }
            }
            return count
        }

        private struct Refusal: Error, Equatable { let number: Int }

        @Test func workRunsOnTheNamedThreadsAndAnswers() async throws {
            let pool = try BlockingThreads(name: "pool-answers", count: 2)
            #expect(await pool.run { contents(of: "/proc/thread-self/comm") } == "pool-answers\n")
            #expect(await pool.run { 6 * 7 } == 42)
            await #expect(throws: Refusal(number: 7)) {
                try await pool.run { () throws(Refusal) in throw Refusal(number: 7) }
            }
        }

        @Test func asManyBlockAtOnceAsThereAreThreads() async throws {
            let pool = try BlockingThreads(name: "pool-blocks", count: 8)
            let arrived = Shared(0)
            // Each waits for all the others: with fewer threads than waiters none would come back in time.
            let met = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        await pool.run {
                            arrived.change { $0 += 1 }
                            for _ in 0..<500 where arrived.value < 8 { usleep(10_000) }
                            return arrived.value == 8
                        }
                    }
                }
                return await group.reduce(true) { $0 && $1 }
            }
            #expect(met)
        }

        @Test func oneThreadKeepsTheOrder() async throws {
            let queue = WorkQueue()
            let seen = Shared<[Int]>([])
            try queue.startThread(name: "queue-order")
            // It falls behind at first, so that work piles up.
            queue.push { usleep(50_000) }
            for number in 0..<3000 { queue.push { seen.change { $0.append(number) } } }
            queue.close()
            #expect(try await eventually { seen.value.count == 3000 })
            #expect(seen.value == Array(0..<3000))
            #expect(try await eventually { threads(named: "queue-order") == 0 })
        }

        @Test func threadsEndWithThePoolAfterItsWork() async throws {
            let done = Shared(0)
            do {
                let pool = try BlockingThreads(name: "pool-ends", count: 3)
                #expect(try await eventually { threads(named: "pool-ends") == 3 })
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<50 { group.addTask { await pool.run { done.change { $0 += 1 } } } }
                }
            }
            #expect(done.value == 50)
            #expect(try await eventually { threads(named: "pool-ends") == 0 })
        }

        @Test func signalsOfTheProcessAreForOthers() async throws {
            let pool = try BlockingThreads(name: "pool-signals", count: 1)
            let status = await pool.run { contents(of: "/proc/thread-self/status") }
            let blocked = try #require(status.split(separator: "\n").first { $0.hasPrefix("SigBlk:") })
            let mask = try #require(UInt64(blocked.split(separator: "\t")[1], radix: 16))
            for signal in [SIGTERM, SIGHUP, SIGINT, SIGCHLD] { #expect(mask >> UInt64(signal - 1) & 1 == 1) }
        }

        @Test func whoeverStartsThreadsKeepsItsSignals() throws {
            var mask = sigset_t()
            var before = sigset_t()
            sigemptyset(&mask)
            sigaddset(&mask, SIGUSR1)
            pthread_sigmask(SIG_SETMASK, &mask, &before)
            defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
            _ = try BlockingThreads(name: "pool-mask", count: 1)
            var after = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &after)
            #expect(sigismember(&after, SIGUSR1) == 1)
            #expect(sigismember(&after, SIGTERM) == 0)
        }

        private actor Worker {
            private let thread: SerialThread
            private(set) var ids: Set<String> = []
            private(set) var order: [Int] = []

            init(_ thread: SerialThread) { self.thread = thread }

            nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

            func note(_ number: Int) {
                ids.insert(linkTarget("/proc/thread-self"))
                order.append(number)
            }

            func noteAcrossASuspension(_ number: Int) async {
                note(number)
                await Task.yield()
                note(-number)
            }
        }

        @Test func anActorStaysOnItsThread() async throws {
            do {
                let worker = Worker(try SerialThread(name: "serial-stays"))
                for number in 0..<100 { await worker.note(number) }
                #expect(await worker.order == Array(0..<100))
                await withTaskGroup(of: Void.self) { group in
                    for number in 1...100 { group.addTask { await worker.noteAcrossASuspension(number) } }
                }
                #expect(await worker.ids.count == 1)
                #expect(await worker.order.count == 300)
                #expect(threads(named: "serial-stays") == 1)
            }
            #expect(try await eventually { threads(named: "serial-stays") == 0 })
        }
    }
}
