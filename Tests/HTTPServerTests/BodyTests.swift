import Glibc
import HTTPMessage
import Synchronization
import Testing

@testable import HTTPServer

extension ServerTests {
    @Suite struct Bodies {
        static let large = (0..<(5 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 7) }

        @Test func echoesBodiesOfEverySize() async throws {
            let test = try TestServer()
            try await test.use { test in
                for address in [test.unix, test.tcp] {
                    let client = try TestClient(address)
                    for size in [0, 1, 4097, 1 << 20, 5 << 20] {
                        let reply = try client.post("/echo", Array(Self.large.prefix(size)))
                        #expect(reply.status == 200 && reply.body.count == size)
                        #expect(reply.body.elementsEqual(Self.large.prefix(size)))
                    }
                }
            }
            await test.stop()
        }

        @Test func echoesChunkedBodies() async throws {
            let test = try TestServer()
            try await test.use { test in
                let client = try TestClient(test.unix)
                for size in [0, 3, 100_000, 3 << 20] {
                    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
                    var rest = Self.large.prefix(size)
                    while !rest.isEmpty {
                        let part = rest.prefix(70_001)
                        client.send(String(part.count, radix: 16) + ";ext=1\r\n")
                        client.send(Array(part))
                        client.send("\r\n")
                        rest = rest.dropFirst(part.count)
                    }
                    client.send("0\r\nTrailer: x\r\n\r\n")
                    let reply = try client.reply()
                    #expect(reply.status == 200 && reply.body.elementsEqual(Self.large.prefix(size)))
                }
            }
            await test.stop()
        }

        @Test func aBodyNobodyReadsStopsTheClient() async throws {
            let test = try TestServer(limits: Limits(bodyBuffer: 1 << 16))
            try await test.use { test in
                let client = try TestClient(test.unix, seconds: 1)
                client.send("POST /stall HTTP/1.1\r\nHost: x\r\nContent-Length: \(Self.large.count)\r\n\r\n")
                let sent = client.send(Self.large)
                // What the kernel's buffers hold, not five megabytes.
                #expect(sent < 2 << 20)
                test.responder.gate.pass()
                #expect(client.send(Array(Self.large[sent...])) == Self.large.count - sent)
                #expect(try client.reply().body == Self.large)
                // And once it is read, the connection is as good as new.
                #expect(try client.get("/fast").status == 200)
            }
            await test.stop()
        }

        @Test func largeBodiesShareWhatRoomThereIs() async throws {
            let test = try TestServer(limits: Limits(bodies: 1 << 20))
            try await test.use { test in
                let size = 1_000_000
                let body = Array(Self.large.prefix(size))
                for framing in ["Content-Length: \(size)", "Transfer-Encoding: chunked"] {
                    let isChunked = framing.hasPrefix("T")
                    let head = "POST /echo HTTP/1.1\r\nHost: x\r\n\(framing)\r\n\r\n"
                    let hoarder = try TestClient(test.unix)
                    hoarder.send(head + (isChunked ? String(size, radix: 16) + "\r\n" : ""))
                    #expect(hoarder.send(Array(body.dropLast())) == size - 1)
                    let other = try TestClient(test.unix)
                    other.send(head + (isChunked ? String(size, radix: 16) + "\r\n" : ""))
                    other.send(body)
                    let refusal = try other.reply()
                    #expect(refusal.status == 503 && refusal["Connection"] == "close")
                    // What everybody sends is not counted.
                    #expect(try TestClient(test.unix).post("/echo", Array(body.prefix(10_000))).body.count == 10_000)
                    hoarder.send(Array(body.suffix(1)))
                    if isChunked { hoarder.send("\r\n0\r\n\r\n") }
                    #expect(try hoarder.reply().body == body)
                }
                // The room is back.
                for _ in 0..<3 { #expect(try TestClient(test.unix).post("/echo", body).body == body) }
            }
            await test.stop()
        }

        @Test func anUnreadBodyIsAnsweredAndTheConnectionClosed() async throws {
            let test = try TestServer()
            try await test.use { test in
                for framing in ["Transfer-Encoding: chunked", "Content-Length: 20000000"] {
                    let client = try TestClient(test.unix)
                    client.send("POST /reject HTTP/1.1\r\nHost: x\r\n\(framing)\r\nExpect: 100-continue\r\n\r\n")
                    // No 100 before it: the body is not wanted.
                    let reply = try client.reply()
                    #expect(reply.status == 413 && reply["Connection"] == "close" && reply.text == "too large")
                    #expect(try client.isClosed())
                }
            }
            await test.stop()
        }

        @Test func expectContinueIsAnsweredWhenTheBodyIsWanted() async throws {
            let test = try TestServer()
            try await test.use { test in
                for framing in ["Transfer-Encoding: chunked", "Content-Length: 5"] {
                    let client = try TestClient(test.unix)
                    client.send("POST /echo HTTP/1.1\r\nHost: x\r\n\(framing)\r\nExpect: 100-continue\r\n\r\n")
                    #expect(try client.head().status == 100)
                    client.send(framing.hasSuffix("5") ? "hello" : "5\r\nhello\r\n0\r\n\r\n")
                    #expect(try client.reply().text == "hello")
                }
            }
            await test.stop()
        }

        @Test func anAnswerAmidTheBodyArrivesAndCloses() async throws {
            let test = try TestServer()
            try await test.use { test in
                for address in [test.unix, test.tcp] {
                    let client = try TestClient(address)
                    client.send("POST /sip HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
                    let chunk = Array("10000\r\n".utf8) + Self.large.prefix(0x10000) + Array("\r\n".utf8)
                    // An endless body: it ends because the server takes no more.
                    _ = eventually { client.send(chunk) < chunk.count }
                    let reply = try client.reply()
                    #expect(reply.status == 409 && reply.text == "enough" && reply["Connection"] == "close")
                }
                #expect(try TestClient(test.unix).get("/fast").status == 200)
            }
            await test.stop()
        }

        @Test func aBodyCutShortFailsForItsReader() async throws {
            let test = try TestServer()
            try await test.use { test in
                var client: TestClient? = try TestClient(test.unix)
                client?.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\nonly this")
                #expect(eventually { test.responder.bytesRead.load(ordering: .relaxed) == 9 })
                client = nil
                #expect(eventually { test.responder.bodyFailure.withLock(\.self) == .incomplete })
                #expect(eventually { test.descriptors == 1 })
            }
            await test.stop()
        }
    }
}
