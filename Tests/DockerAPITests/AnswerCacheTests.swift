import Synchronization
import Testing

@testable import DockerAPI

@Suite struct AnswerCacheTests {
    private func key(_ number: Int) -> AnswerCache.Key {
        AnswerCache.Key(id: "\(number)", shape: .networkSummary)
    }

    @Test func whatIsGoneMakesRoom() {
        let cache = AnswerCache { 10 }
        for number in 0..<100_000 { _ = cache.answer(key(number), generation: 1) { [1] } }
        #expect(cache.count <= 2 * (AnswerCache.spareEntries + 41))
    }

    @Test func whatIsThereStays() {
        let cache = AnswerCache { 10_000 }
        let rendered = Mutex(0)
        for _ in 0..<3 {
            for number in 0..<10_000 {
                _ = cache.answer(key(number), generation: 1) {
                    rendered.withLock { $0 += 1 }
                    return [1]
                }
            }
        }
        #expect(rendered.withLock { $0 } == 10_000)
    }

    @Test func anOlderGenerationIsRenderedAnew() {
        let cache = AnswerCache { 1 }
        #expect(cache.answer(key(1), generation: 1) { [1] }.bytes == [1])
        #expect(cache.answer(key(1), generation: 2) { [2] }.bytes == [2])
        #expect(cache.answer(key(1), generation: 2) { [3] }.bytes == [2])
    }
}
