import Glibc
import HTTPMessage
import Synchronization
import Testing

@testable import HTTPServer

/// A stream whose client's departure is recorded.
private final class Watched: Sendable {
    let stream = ResponseStream()
    let gone = Mutex(0)

    init() {
        stream.whenGone { [weak self] in self?.gone.withLock { $0 += 1 } }
    }
}

extension ServerTests {
    @Suite struct Streams {
        @Test(arguments: ["/stream", "/stream-at-once"])
        func headersGoOutBeforeTheFirstByte(target: String) async throws {
            let test = try TestServer()
            try await test.use { test in
                for address in [test.unix, test.tcp] {
                    let watched = Watched()
                    test.responder.stream.withLock { $0 = watched.stream }
                    let client = try TestClient(address)
                    client.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    let start = ContinuousClock.now
                    let head = try client.head()
                    #expect(head.status == 200 && head["Transfer-Encoding"] == "chunked")
                    #expect(ContinuousClock.now - start < .milliseconds(150))
                    for text in ["one\n", "two\n", String(repeating: "x", count: 100_000)] {
                        #expect(watched.stream.write(Array(text.utf8)))
                        var got = ""
                        while got.utf8.count < text.utf8.count {
                            got += String(decoding: try #require(try client.chunk()), as: UTF8.self)
                        }
                        #expect(got == text)
                    }
                    watched.stream.finish()
                    #expect(try client.chunk() == nil)
                    #expect(try client.get("/fast").status == 200)
                    #expect(watched.gone.withLock(\.self) == 0)
                }
            }
            await test.stop()
        }

        @Test func aClientThatLeavesIsNoticedAndNothingLeaks() async throws {
            let test = try TestServer()
            try await test.use { test in
                for address in [test.unix, test.tcp] {
                    weak var left: ResponseStream?
                    do {
                        let watched = Watched()
                        left = watched.stream
                        test.responder.stream.withLock { $0 = watched.stream }
                        var client: TestClient? = try TestClient(address)
                        client?.send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
                        #expect(try client?.head().status == 200)
                        client = nil
                        #expect(eventually { watched.gone.withLock(\.self) == 1 })
                        #expect(!watched.stream.write([1]))
                        test.responder.stream.withLock { $0 = nil }
                    }
                    #expect(eventually { left == nil }, "\(address)")
                    #expect(eventually { test.descriptors == 1 }, "\(address) \(test.descriptors)")
                }
            }
            await test.stop()
        }

        @Test func aClientThatLeavesALongWaitCancelsIt() async throws {
            let test = try TestServer()
            try await test.use { test in
                var client: TestClient? = try TestClient(test.unix)
                client?.send("GET /gate HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(eventually { test.responder.asked.load(ordering: .relaxed) == 1 })
                client = nil
                #expect(eventually { test.responder.cancelled.load(ordering: .relaxed) == 1 })
                #expect(eventually { test.descriptors == 1 })
            }
            await test.stop()
        }

        @Test func aSlowReaderLosesItsStreamVisibly() async throws {
            let test = try TestServer()
            try await test.use { test in
                let watched = Watched()
                test.responder.stream.withLock { $0 = watched.stream }
                let client = try TestClient(test.unix)
                client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try client.head().status == 200)
                let block = [UInt8](repeating: 0x61, count: 1 << 18)
                #expect(eventually { !watched.stream.write(block) })
                #expect(throws: TestClient.Failure.self) { while try client.chunk() != nil {} }
            }
            await test.stop()
        }

        @Test func manyStreamsAtOnceEachGetEverything() async throws {
            let test = try TestServer()
            try await test.use { test in
                var pairs: [(TestClient, ResponseStream)] = []
                for _ in 0..<50 {
                    let stream = ResponseStream()
                    test.responder.stream.withLock { $0 = stream }
                    let client = try TestClient(test.unix)
                    client.send("GET /stream-at-once HTTP/1.1\r\nHost: x\r\n\r\n")
                    _ = try client.head()
                    pairs.append((client, stream))
                }
                for round in 0..<100 { for (_, stream) in pairs { stream.write(Array("\(round),".utf8)) } }
                let expected = (0..<100).map { "\($0)," }.joined()
                for (client, stream) in pairs {
                    stream.finish()
                    var got: [UInt8] = []
                    while let chunk = try client.chunk() { got += chunk }
                    #expect(String(decoding: got, as: UTF8.self) == expected)
                }
            }
            await test.stop()
        }
    }

    @Suite struct Stopping {
        @Test func endsStreamsAndWaitsForRunningRequests() async throws {
            let test = try TestServer()
            let watched = Watched()
            test.responder.stream.withLock { $0 = watched.stream }
            let (client, waiting) = try await test.use { test in
                let client = try TestClient(test.unix)
                client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
                _ = try client.head()
                watched.stream.write(Array("last".utf8))
                let waiting = try TestClient(test.tcp)
                waiting.send("GET /gate HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(eventually { test.responder.asked.load(ordering: .relaxed) == 2 })
                return (client, waiting)
            }
            async let stopped: Void = test.stop()
            try await test.use { test in
                #expect(try client.chunk() == Array("last".utf8))
                #expect(try client.chunk() == nil)
                #expect(eventually { watched.gone.withLock(\.self) == 1 })
                #expect(throws: TestClient.Failure.self) { try TestClient(test.unix) }
                test.responder.gate.pass()
                let reply = try waiting.reply()
                #expect(reply.text == "gate" && reply["Connection"] == "close")
                #expect(try client.isClosed())
            }
            await stopped
            #expect(test.descriptors == 0)
            #expect(access("\(test.directory.path)/api.sock", F_OK) != 0)
        }

        @Test func answersForRequestsThatDoNotEnd() async throws {
            let test = try TestServer()
            let clients = try await test.use { test in
                let waiting = try TestClient(test.unix)
                waiting.send("GET /gate HTTP/1.1\r\nHost: x\r\n\r\n")
                let undecided = try TestClient(test.unix)
                undecided.send("POST /gate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
                let full = try TestClient(test.unix, seconds: 1)
                full.send("POST /sip HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n")
                #expect(eventually { test.responder.asked.load(ordering: .relaxed) == 3 })
                return [waiting, undecided, full]
            }
            let start = ContinuousClock.now
            await test.server.stop(grace: .milliseconds(100))
            #expect(ContinuousClock.now - start < .seconds(3))
            try await test.use { _ in
                for client in clients.prefix(2) {
                    let reply = try client.reply()
                    #expect(reply.status == 503 && reply.text == "{\"message\":\"the daemon is shutting down\"}\n")
                }
                #expect((try? clients[2].rest()) != nil)
            }
            #expect(test.responder.cancelled.load(ordering: .relaxed) >= 1)
            #expect(test.descriptors == 0)
        }

        @Test func worksUnderLoadAndTwice() async throws {
            for _ in 0..<5 {
                let test = try TestServer()
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            _ = try? await test.use { test in
                                let client = try TestClient(test.unix)
                                while true {
                                    _ = try client.get("/slow")
                                    _ = try client.post("/echo", [1, 2, 3])
                                    _ = try client.get("/fast")
                                }
                            }
                        }
                    }
                    group.addTask {
                        try? await Task.sleep(for: .milliseconds(150))
                        await test.server.stop(grace: .milliseconds(200))
                    }
                }
                await test.server.stop()
                #expect(test.descriptors == 0)
            }
        }
    }
}
