import HTTPMessage
import Testing

@testable import HTTPServer

extension ServerTests {
    @Suite struct Refusals {
        @Test(arguments: [
            "Content-Length: 3\r\nContent-Length: 3", "Content-Length: 3\r\nContent-Length: 30",
            "Content-Length: 3\r\nTransfer-Encoding: chunked", "Transfer-Encoding: gzip",
            "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Content-Length : 3", "Host: y",
        ])
        func ambiguousFramingIsRefused(fields: String) async throws {
            let test = try TestServer()
            try await test.use { test in
                let client = try TestClient(test.unix)
                client.send(
                    "POST /echo HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\nabcGET /fast HTTP/1.1\r\nHost: x\r\n\r\n")
                let reply = try client.reply()
                #expect(reply.status == 400 && reply.text.hasPrefix("{\"message\":"))
                #expect(reply["Content-Type"] == "application/json" && reply["Connection"] == "close")
                // Nothing that follows is taken for a request.
                #expect((try? client.isClosed()) ?? true)
                #expect(test.responder.asked.load(ordering: .relaxed) == 0)
            }
            await test.stop()
        }

        @Test func pagesFromElsewhereAreRefusedOverPlainTCPOnly() async throws {
            let test = try TestServer()
            try await test.use { test in
                let get = { (address: ListenerAddress, fields: String) in
                    let client = try TestClient(address)
                    client.send("GET /fast HTTP/1.1\r\n\(fields)\r\n\r\n")
                    return try client.reply()
                }
                for fields in [
                    "Host: evil.example", "Host: localhost\r\nOrigin: http://evil.example",
                    "Host: 127.0.0.1.evil.example",
                    "Host: localhost:80\r\norigin: null", "Host: 10.0.0.1:2375", "Host: [::2]", "Host:",
                ] {
                    let reply = try get(test.tcp, fields)
                    #expect(reply.status == 403 && reply.text.hasPrefix("{\"message\":"), "\(fields)")
                    #expect(try get(test.unix, fields).status == 200, "\(fields)")
                }
                for fields in ["Host: localhost", "Host: LOCALHOST:2375", "Host: 127.9.8.7", "Host: [::1]:2375"] {
                    #expect(try get(test.tcp, fields).status == 200, "\(fields)")
                }
            }
            await test.stop()
        }

        @Test func garbageHarmsNobody() async throws {
            let test = try TestServer(limits: Limits(idleSeconds: 1))
            try await test.use { test in
                for garbage in [
                    "\0\0\0\r\n\r\n", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                    "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n", "\r\n\r\n\r\n",
                    "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
                ] {
                    let client = try TestClient(test.unix)
                    client.send(garbage)
                    let answer = String(decoding: (try? client.rest()) ?? [], as: UTF8.self)
                    #expect(
                        answer.isEmpty || answer.hasPrefix("HTTP/1.1 4") || answer.hasPrefix("HTTP/1.1 505"),
                        "\(garbage)")
                }
                #expect(try TestClient(test.unix).get("/fast").status == 200)
                #expect(eventually { test.descriptors == 1 })
            }
            await test.stop()
        }
    }
}

@Suite struct PlainTCPTests {
    @Test(arguments: ["localhost", "localhost:1", "127.0.0.1", "127.255.1.2:80", "[::1]", "[::1]:2375"])
    func loopback(authority: String) { #expect(PlainTCP.isLoopback(authority: authority)) }

    @Test(arguments: [
        "", ":80", "localhost:x", "localhost.evil", "evil.localhost", "128.0.0.1", "127.1", "127.0.0.256", "127.0.0.1.",
        "[::1", "[::1]x", "[::]", "::1", "127.0.0.1:80:80", "[::ffff:1.2.3.4]",
    ])
    func elsewhere(authority: String) { #expect(!PlainTCP.isLoopback(authority: authority)) }
}

@Suite struct FramingTests {
    @Test func lengths() {
        #expect(Framing(Headers([.init(name: "content-LENGTH", value: "12")])) == .length(12))
        #expect(Framing(Headers([.init(name: "Content-Length", value: "0")])) == .none)
        #expect(Framing(Headers([.init(name: "Transfer-Encoding", value: "Chunked")])) == .chunked)
        #expect(Framing(Headers()) == .none)
    }

    @Test(arguments: ["", "-1", "+1", "1,1", "0x1", "18446744073709551616"])
    func badLengths(value: String) {
        guard case .invalid = Framing(Headers([.init(name: "Content-Length", value: value)])) else {
            Issue.record("accepted \(value)")
            return
        }
    }

    @Test func chunkedIsNotForHTTP10() {
        guard case .invalid = Framing(Headers([.init(name: "Transfer-Encoding", value: "chunked")]), isHTTP10: true)
        else {
            Issue.record("accepted")
            return
        }
    }
}
