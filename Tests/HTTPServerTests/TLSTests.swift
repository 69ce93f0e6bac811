import Glibc
import HTTPMessage
import Synchronization
import Testing

@testable import HTTPServer

extension ServerTests {
    @Suite struct TLS {
        /// A request by curl: HTTP status and body; "000" when the handshake fails.
        private static func fetch(
            _ address: ListenerAddress, _ target: String, _ certificates: Certificates, as client: String? = nil,
            options: [String] = []
        ) -> String {
            guard case .tcp(_, let port) = address else { return "" }
            var command = ["curl", "-s", "-m", "10", "--cacert", certificates.path("ca.pem"), "-w", " %{http_code}"]
            if let client {
                command += ["--cert", certificates.path("\(client).pem"), "--key", certificates.path("\(client).key")]
            }
            return run(command + options + ["https://127.0.0.1:\(port)\(target)"]).output
        }

        private func start(_ tls: TLSIdentity, host: String = "127.0.0.1", responder: TestResponder = TestResponder())
            throws -> Server
        {
            let server = makeServer([Listener(.tcp(host: host, port: 0), tls: tls)], responder)
            try server.start()
            return server
        }

        @Test func clientCertificatesAreReallyRequired() async throws {
            let certificates = try Certificates()
            let responder = TestResponder()
            let server = try start(try certificates.identity(verifying: true), responder: responder)
            let address = server.addresses[0]
            await blocking {
                let fetch = { (client: String?, target: String) in
                    Self.fetch(address, target, certificates, as: client)
                }
                #expect(fetch("client", "/peer") == "\(Peer.tcp(address: "127.0.0.1", verified: true)) 200")
                #expect(fetch("client", "/slow") == "slow 200")
                for version in ["1.2", "1.3"] {
                    let options = ["--tlsv\(version)", "--tls-max", version]
                    #expect(
                        Self.fetch(address, "/fast", certificates, as: "client", options: options).hasSuffix(" 200"))
                    #expect(Self.fetch(address, "/fast", certificates, options: options).hasSuffix(" 403"))
                }
                let asked = responder.asked.load(ordering: .relaxed)
                for client in ["expired", "stranger", "server-only"] {
                    let answer = fetch(client, "/slow")
                    #expect(
                        answer.hasPrefix("{\"message\":\"the client certificate is refused: "), "\(client): \(answer)")
                    #expect(answer.hasSuffix(" 403"), "\(client): \(answer)")
                }
                let none = fetch(nil, "/slow")
                #expect(none == "{\"message\":\"a client certificate is required: none was sent\"}\n 403")
                #expect(responder.asked.load(ordering: .relaxed) == asked)
            }
            await server.stop()
        }

        @Test func bodiesStreamsAndEarlyAnswersWorkOverTLS() async throws {
            let certificates = try Certificates()
            let responder = TestResponder()
            let server = try start(try certificates.identity(verifying: true), responder: responder)
            let address = server.addresses[0]
            let stream = ResponseStream()
            let gone = Mutex(false)
            stream.whenGone { gone.withLock { $0 = true } }
            responder.stream.withLock { $0 = stream }
            await blocking {
                let big = certificates.path("ca.pem")
                let echoed = Self.fetch(
                    address, "/echo", certificates, as: "client",
                    options: ["--data-binary", "@\(big)", "-H", "Transfer-Encoding: chunked"])
                #expect(echoed.hasPrefix("-----BEGIN CERTIFICATE-----") && echoed.hasSuffix(" 200"))
                let early = Self.fetch(
                    address, "/sip", certificates, as: "client",
                    options: ["-T", "/dev/zero", "-X", "POST", "-H", "Transfer-Encoding: chunked"])
                #expect(early == "enough 409")
                stream.write(Array("one".utf8))
                // The client gives up after a second.
                let cut = Self.fetch(address, "/stream", certificates, as: "client", options: ["-m", "1", "-N"])
                #expect(cut == "one 200")
                #expect(eventually { gone.withLock(\.self) })
            }
            await server.stop()
        }

        @Test func theServerAloneMayProveItself() async throws {
            let certificates = try Certificates()
            let server = try start(try certificates.identity(verifying: false))
            let address = server.addresses[0]
            await blocking {
                let answer = Self.fetch(address, "/peer", certificates)
                #expect(answer == "\(Peer.tcp(address: "127.0.0.1", verified: false)) 200")
                // Host and Origin are free where a name had to be proved.
                let origin = Self.fetch(address, "/fast", certificates, options: ["-H", "Origin: x", "-H", "Host: y"])
                #expect(origin == "fast GET 200")
                // Plain HTTP gets nothing.
                #expect(throws: TestClient.Failure.self) { try TestClient(address).get("/fast") }
            }
            await server.stop()
            #expect(throws: ListenError.self) {
                try start(try certificates.identity(verifying: false), host: "0.0.0.0")
            }
        }

        @Test func badCertificatesAreNamedAtStart() throws {
            let certificates = try Certificates()
            var identity = try certificates.identity(verifying: true)
            identity.key = try certificates.text("client.key")
            let server = makeServer([Listener(.tcp(host: "127.0.0.1", port: 0), tls: identity)], TestResponder())
            let error = #expect(throws: ListenError.self) { try server.start() }
            #expect(error?.message.hasPrefix("cannot serve tcp://127.0.0.1:") == true)
        }
    }
}
