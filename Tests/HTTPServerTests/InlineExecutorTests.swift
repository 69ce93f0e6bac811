import Dispatch
import Glibc
import Testing

@testable import HTTPServer

@Suite(.timeLimit(.minutes(1))) struct InlineExecutorTests {
    private static func resumedElsewhere() async -> pthread_t {
        await withCheckedContinuation { continuation in
            // Later: what is resumed before it waits just goes on.
            DispatchQueue(label: "elsewhere").asyncAfter(deadline: .now() + .milliseconds(5)) {
                continuation.resume(returning: pthread_self())
            }
        }
    }

    /// A function, since pthread_self(3) may not be called in an asynchronous one.
    private static func thread() -> pthread_t { pthread_self() }

    private actor Counter {
        var count = 0
        func increment() { count += 1 }
    }

    @Test func aTaskGoesOnWhereItIsResumed() async {
        let same = await Task.immediate(executorPreference: InlineExecutor.shared) {
            var same = 0
            for _ in 0..<20 where await Self.resumedElsewhere() == Self.thread() { same += 1 }
            return same
        }.value
        // On a busy machine one or the other may come too early all the same.
        #expect(same >= 15)
    }

    @Test func actorsStillKeepTurns() async {
        let counter = Counter()
        let tasks = (0..<64).map { _ in
            Task.immediate(executorPreference: InlineExecutor.shared) {
                for _ in 0..<10 {
                    await counter.increment()
                    _ = await Self.resumedElsewhere()
                    await counter.increment()
                }
            }
        }
        for task in tasks { await task.value }
        #expect(await counter.count == 64 * 20)
    }
}
