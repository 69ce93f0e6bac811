import Glibc
import HTTPMessage
import Synchronization
import Testing

@testable import HTTPServer

/// Everything that opens sockets runs one after the other: two cores are few, and waits are bounded.
@Suite(.serialized, .timeLimit(.minutes(3)))
enum ServerTests {}

extension ServerTests {
    @Suite struct Requests {
        @Test func answersAtOnceAndLaterOnOneConnection() async throws {
            let test = try TestServer()
            try await test.use { test in
                for address in [test.unix, test.tcp] {
                    let client = try TestClient(address)
                    for _ in 0..<3 {
                        let fast = try client.get("/fast")
                        #expect(fast.status == 200 && fast.text == "fast GET")
                        #expect(fast["Content-Type"] == "text/plain" && fast["Date"] != nil)
                        #expect(fast["Content-Length"] == "8" && fast["Connection"] == nil)
                        #expect(try client.get("/slow").text == "slow")
                        #expect(try client.get("/big").body == TestResponder.big)
                    }
                    #expect(try client.get("/nothing").status == 404)
                }
            }
            await test.stop()
        }

        @Test func aKeptAnswerGoesOutAgainAndAgain() async throws {
            let test = try TestServer()
            try await test.use { test in
                for address in [test.unix, test.tcp, test.unix] {
                    let client = try TestClient(address)
                    for _ in 0..<3 {
                        let kept = try client.get("/kept")
                        #expect(kept.status == 200 && kept.text == "kept" && kept["Content-Length"] == "4")
                        #expect(kept["Content-Type"] == "text/plain" && kept["Date"] != nil)
                        client.send("HEAD /kept HTTP/1.1\r\nHost: localhost\r\n\r\n")
                        let head = try client.reply(toHead: true)
                        #expect(head.status == 200 && head.body.isEmpty && head["Content-Length"] == "4")
                    }
                    client.send("GET /kept HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    let last = try client.reply()
                    #expect(last.text == "kept" && last["Connection"]?.lowercased() == "close")
                }
                #expect(try TestClient(test.unix).get("/kept")["Connection"] == nil)
            }
            await test.stop()
        }

        @Test func answersPipelinedRequestsInOrder() async throws {
            let test = try TestServer()
            try await test.use { test in
                let client = try TestClient(test.unix)
                let one = { (target: String) in "GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n" }
                client.send(one("/slow") + one("/fast") + one("/slow") + one("/target/3"))
                let replies = try (0..<4).map { _ in try client.reply().text }
                #expect(replies == ["slow", "fast GET", "slow", "/target/3"])
            }
            await test.stop()
        }

        @Test func headHasTheHeadersOfGetAndNoBody() async throws {
            let test = try TestServer()
            try await test.use { test in
                let client = try TestClient(test.unix)
                let reply = try client.get("/fast", method: "HEAD")
                #expect(reply.status == 200 && reply["Content-Length"] == "9")
                #expect(try client.get("/slow", method: "HEAD")["Content-Length"] == "4")
                #expect(try client.get("/none").status == 204)
                // Had a body followed, the next reply would not parse.
                #expect(try client.get("/fast").text == "fast GET")
            }
            await test.stop()
        }

        @Test func headOfAStreamEndsIt() async throws {
            let test = try TestServer()
            let gone = Mutex(false)
            let stream = ResponseStream()
            stream.whenGone { gone.withLock { $0 = true } }
            test.responder.stream.withLock { $0 = stream }
            try await test.use { test in
                let client = try TestClient(test.unix)
                #expect(try client.get("/stream", method: "HEAD").status == 200)
                #expect(try client.get("/fast").text == "fast GET")
                #expect(eventually { gone.withLock(\.self) })
            }
            await test.stop()
        }

        @Test func targetAndHeadersArriveAsSent() async throws {
            let test = try TestServer()
            try await test.use { test in
                let client = try TestClient(test.unix)
                for target in ["/target/a%2Fb%00c?x=%20&y", "/target/../..//x", "/target?a=b?c=d#e"] {
                    #expect(try client.get(target).text == target)
                }
                let reply = try client.get("/headers", headers: "X-One: 1\r\nx-one: 2\r\n")
                #expect(reply.text == "Host=localhost\nX-One=1\nx-one=2")
            }
            await test.stop()
        }

        @Test func knowsWhoIsThere() async throws {
            let test = try TestServer()
            try await test.use { test in
                let local = try TestClient(test.unix).get("/peer").text
                #expect(local == "\(Peer.unix(pid: getpid(), uid: getuid()))")
                let remote = try TestClient(test.tcp).get("/peer").text
                #expect(remote == "\(Peer.tcp(address: "127.0.0.1", verified: false))")
            }
            await test.stop()
        }

        @Test func halfClosedClientsGetTheirAnswers() async throws {
            let test = try TestServer()
            try await test.use { test in
                for address in [test.unix, test.tcp] {
                    for target in ["/fast", "/slow", "/fast", "/slow", "/fast", "/slow"] {
                        let client = try TestClient(address)
                        client.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                        client.finishWriting()
                        let reply = try? client.reply()
                        #expect(reply?.text.hasPrefix(target.dropFirst()) == true, "\(target) on \(address)")
                    }
                }
            }
            await test.stop()
        }

        @Test func aThousandIdleConnectionsBlockNobody() async throws {
            let test = try TestServer()
            try await test.use { test in
                var limit = rlimit()
                getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                limit.rlim_cur = min(limit.rlim_max, 8192)
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                var idle = try (0..<1000).map { _ in try TestClient(test.unix) }
                for (index, client) in idle.enumerated() where index % 2 == 0 {
                    client.send("GET /fast HTTP/1.1\r\nHos")
                }
                #expect(eventually { test.descriptors == 1001 })
                let start = ContinuousClock.now
                for _ in 0..<20 {
                    #expect(try TestClient(test.unix).get("/fast").status == 200)
                    #expect(try TestClient(test.tcp).get("/slow").status == 200)
                }
                #expect(ContinuousClock.now - start < .seconds(5))
                idle[0].send("t: x\r\n\r\n")
                #expect(try idle[0].reply().text == "fast GET")
                idle.removeAll()
                #expect(eventually { test.descriptors == 1 })
            }
            await test.stop()
            #expect(test.descriptors == 0)
        }

        @Test func idleAndHalfRequestsTimeOut() async throws {
            let test = try TestServer(limits: Limits(idleSeconds: 1))
            try await test.use { test in
                let half = try TestClient(test.unix)
                half.send("GET /fast HTTP/1.1\r\nHost: loc")
                let idle = try TestClient(test.unix)
                let busy = try TestClient(test.unix)
                busy.send("GET /gate HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try half.isClosed())
                #expect(try idle.isClosed())
                // An answer that takes longer is no idleness.
                usleep(1_500_000)
                test.responder.gate.pass()
                #expect(try busy.reply().text == "gate")
            }
            await test.stop()
        }

        @Test func headerFieldsAreBounded() async throws {
            let test = try TestServer()
            try await test.use { test in
                let client = try TestClient(test.unix)
                client.send("GET /fast HTTP/1.1\r\nHost: x\r\nX-Long: ")
                client.send([UInt8](repeating: 0x61, count: 1 << 20))
                #expect(try client.head().status == 431)
                let long = try TestClient(test.unix)
                long.send("GET /" + String(repeating: "a", count: 1 << 17))
                #expect(try long.head().status == 414)
            }
            await test.stop()
        }
    }
}
