import HTTPMessage
import Synchronization
import Testing

@Suite struct MessageTests {
    private static func read(_ stream: ResponseStream, _ limit: Int) -> String {
        switch stream.read(limit: limit, onReadable: {}) {
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .later: "later"
        case .end: "end"
        case .aborted: "aborted"
        }
    }

    @Test func aStreamIsReadInOrderHoweverItIsCut() {
        let stream = ResponseStream()
        let all = (0..<500).map { "\($0);" }
        var got = ""
        for (index, piece) in all.enumerated() {
            stream.write(Array(piece.utf8))
            if index % 3 == 0 { got += Self.read(stream, index % 7 + 1) }
        }
        stream.finish()
        while case let part = Self.read(stream, 13), part != "end" { got += part }
        #expect(got == all.joined())
        #expect(!stream.write([1]))
    }

    @Test func aStreamHoldsNoMoreThanItsCapacity() {
        let stream = ResponseStream(capacity: 10)
        #expect(stream.write([UInt8](repeating: 0x61, count: 8)))
        #expect(Self.read(stream, 5) == "aaaaa")
        #expect(stream.write([UInt8](repeating: 0x62, count: 7)))
        #expect(!stream.write([0x63]))
        #expect(Self.read(stream, 100) == "aaabbbbbbb")
        #expect(Self.read(stream, 100) == "aborted")
    }

    @Test func aBurstIsTakenWhenNothingWaits() {
        let stream = ResponseStream(capacity: 10, burst: 20)
        #expect(stream.write([UInt8](repeating: 0x61, count: 20)))
        #expect(Self.read(stream, 15).count == 15)
        #expect(stream.write([0x62]))
        #expect(!stream.write([UInt8](repeating: 0x63, count: 11)))
        #expect(!ResponseStream(capacity: 10, burst: 20).write([UInt8](repeating: 0x61, count: 21)))
    }

    @Test func aWriterIsToldOnce() {
        let calls = Mutex(0)
        let count: @Sendable () -> Void = { calls.withLock { $0 += 1 } }
        let left = ResponseStream()
        left.whenGone(count)
        left.markGone()
        left.markGone()
        #expect(calls.withLock(\.self) == 1 && Self.read(left, 1) == "aborted")
        left.whenGone(count)
        #expect(calls.withLock(\.self) == 2)
        let finished = ResponseStream()
        finished.whenGone(count)
        finished.finish()
        finished.markGone()
        #expect(calls.withLock(\.self) == 2)
        let stopped = ResponseStream()
        stopped.whenGone(count)
        stopped.write([0x61])
        stopped.shutDown()
        #expect(calls.withLock(\.self) == 3 && !stopped.write([1]))
        #expect(Self.read(stopped, 9) == "a" && Self.read(stopped, 9) == "end")
    }

    @Test func aBodyIsCollectedUpToALimit() async throws {
        #expect(try await BodyStream([1, 2, 3]).collect(limit: 3) == [1, 2, 3])
        await #expect(throws: BodyStream.Failure.tooLarge(limit: 2)) {
            try await BodyStream([1, 2, 3]).collect(limit: 2)
        }
        let chunked = BodyStream(declaredLength: nil)
        _ = chunked.offer([1, 2])
        _ = chunked.offer([3])
        chunked.finish(failure: .incomplete)
        chunked.finish()
        #expect(try await chunked.next() == [1, 2])
        await #expect(throws: BodyStream.Failure.incomplete) { try await chunked.collect(limit: 9) }
    }

    @Test func aFullBodySaysWhenThereIsRoom() async throws {
        let drained = Atomic<Bool>(false)
        let wanted = Atomic<Bool>(false)
        let body = BodyStream(declaredLength: nil, capacity: 4)
        body.whenWanted { wanted.store(true, ordering: .relaxed) }
        #expect(body.offer([1, 2, 3]))
        let hasRoom = body.offer([4, 5]) { drained.store(true, ordering: .relaxed) }
        #expect(!hasRoom)
        #expect(!drained.load(ordering: .relaxed) && !wanted.load(ordering: .relaxed))
        #expect(try await body.next() == [1, 2, 3])
        #expect(drained.load(ordering: .relaxed) && wanted.load(ordering: .relaxed))
    }

    @Test func headerNamesHaveNoCase() {
        let headers = Headers([.init(name: "X-Ab", value: "1"), .init(name: "x-aB", value: "2")])
        #expect(headers["x-ab"] == "1" && headers["x_ab"] == nil)
        #expect(!"@".equalsIgnoringASCIICase("`") && !"[".equalsIgnoringASCIICase("{"))
    }
}
