import Glibc
import HTTPMessage
import Testing

@testable import HTTPServer

extension ServerTests {
    @Suite struct Listeners {
        private func start(
            _ endpoint: Listener.Endpoint, tls: TLSIdentity? = nil, log: LogLines = LogLines()
        ) throws -> Server {
            let server = makeServer([Listener(endpoint, tls: tls)], TestResponder(), log: log)
            try server.start()
            return server
        }

        private func message(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(error)" }
            return ""
        }

        @Test func unixSocketsAreForOwnerAndGroup() async throws {
            let directory = try TemporaryDirectory()
            let path = "\(directory.path)/s"
            let log = LogLines()
            let server = try start(.unix(path: path, group: .required("0")), log: log)
            var status = stat()
            #expect(lstat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o660 && status.st_mode & S_IFMT == S_IFSOCK && status.st_gid == 0)
            #expect(log.warnings == [])
            await server.stop()
            #expect(lstat(path, &status) != 0)
        }

        @Test func aMissingGroupMattersOnlyIfAskedFor() async throws {
            let directory = try TemporaryDirectory()
            let path = "\(directory.path)/s"
            let log = LogLines()
            let server = try start(.unix(path: path, group: .preferred("no-such-group")), log: log)
            #expect(
                log.warnings == [
                    "could not change group of unix://\(path) to no-such-group: group no-such-group not found"
                ])
            await server.stop()
            let text = message { _ = try start(.unix(path: path, group: .required("no-such-group"))) }
            #expect(text == "could not change group of unix://\(path) to no-such-group: group no-such-group not found")
            var status = stat()
            #expect(lstat(path, &status) != 0)
        }

        @Test func staleSocketsAreReplacedLivingOnesNot() async throws {
            let directory = try TemporaryDirectory()
            let path = "\(directory.path)/s"
            let first = try start(.unix(path: path, group: .own))
            let taken = message { _ = try start(.unix(path: path, group: .own)) }
            #expect(taken == "can't create unix socket \(path): another process listens on it")
            #expect(
                try await blocking { Result { try TestClient(.unix(path: path)).get("/fast").status } }.get() == 200)
            await first.stop()
            // A socket file nobody listens on.
            let (_, descriptor, _) = try UnixSocketFile.bind(path: path, group: .own)
            close(descriptor)
            let second = try start(.unix(path: path, group: .own))
            #expect(
                try await blocking { Result { try TestClient(.unix(path: path)).get("/fast").status } }.get() == 200)
            await second.stop()
            close(open(path, O_CREAT | O_WRONLY, 0o600))
            let inTheWay = message { _ = try start(.unix(path: path, group: .own)) }
            #expect(inTheWay == "can't create unix socket \(path): a file that is no socket is in the way")
            let long = directory.path + "/" + String(repeating: "x", count: 108)
            #expect(message { _ = try start(.unix(path: long, group: .own)) }.hasSuffix("a path has 1 to 107 bytes"))
        }

        @Test func plainTCPStaysOnLoopback() async throws {
            for host in ["0.0.0.0", "::"] {
                let text = message { _ = try start(.tcp(host: host, port: 0)) }
                #expect(text.hasPrefix("refusing to listen on tcp://") && text.contains("without TLS"))
                #expect(text.contains("--tlsverify"))
            }
            for host in ["127.0.0.1", "127.1.2.3", "localhost", "::1"] {
                let log = LogLines()
                let server = try start(.tcp(host: host, port: 0), log: log)
                let address = try #require(server.addresses.first)
                #expect(log.warnings == [PlainTCP.warning(about: address)])
                let status = await blocking { Result { try TestClient(address).get("/fast").status } }
                #expect(try status.get() == 200)
                await server.stop()
            }
        }

        @Test func aFailedStartLeavesNothingOpen() async throws {
            let directory = try TemporaryDirectory()
            let path = "\(directory.path)/s"
            let taken = try start(.tcp(host: "127.0.0.1", port: 0))
            guard case .tcp(_, let port) = taken.addresses[0] else { return }
            let server = makeServer(
                [Listener(.unix(path: path, group: .own)), Listener(.tcp(host: "127.0.0.1", port: port))],
                TestResponder())
            #expect(
                message { try server.start() }
                    == "cannot listen on tcp://127.0.0.1:\(port): Address already in use")
            #expect(access(path, F_OK) != 0)
            #expect(server.addresses == [])
            await taken.stop()
        }

        @Test func inheritedSocketsAreServedAndLeftAlone() async throws {
            let directory = try TemporaryDirectory()
            let path = "\(directory.path)/s"
            let (file, descriptor, _) = try UnixSocketFile.bind(path: path, group: .own)
            #expect(listen(descriptor, 5) == 0)
            defer {
                file.remove()
                close(descriptor)
            }
            for _ in 0..<2 {
                let server = try start(.inherited(descriptor: descriptor))
                #expect(server.addresses == [.unix(path: path)])
                let text = await blocking { Result { try TestClient(.unix(path: path)).get("/peer").text } }
                #expect(try text.get() == "\(Peer.unix(pid: getpid(), uid: getuid()))")
                await server.stop()
                #expect(fcntl(descriptor, F_GETFD) >= 0 && access(path, F_OK) == 0)
            }
        }

        /// A socket goes from life to life with its clients; one that is not what a listener would open is not taken.
        @Test func heldSocketsGoOn() async throws {
            let directory = try TemporaryDirectory()
            let path = "\(directory.path)/s"
            let endpoint = Listener.Endpoint.unix(path: path, group: .own)
            let first = makeServer([Listener(endpoint)], TestResponder())
            try first.start()
            let held = dup(try #require(first.ownDescriptors[0]))
            await first.stop(keepsSockets: true)
            #expect(HeldSocket.fits(held, endpoint))
            #expect(!HeldSocket.fits(held, .unix(path: path + "x", group: .own)))
            #expect(!HeldSocket.fits(held, .tcp(host: "127.0.0.1", port: 1)))
            #expect(!HeldSocket.fits(0, endpoint))
            // Connects, and asks, while nobody serves.
            async let early = blocking { Result { try TestClient(.unix(path: path)).get("/fast").status } }
            var listener = Listener(endpoint)
            listener.held = held
            let second = makeServer([listener], TestResponder())
            try second.start()
            #expect(try await early.get() == 200)
            await second.stop()
            #expect(access(path, F_OK) != 0)
        }

        @Test func aHeldSocketThatLostItsFileIsDropped() async throws {
            let directory = try TemporaryDirectory()
            let path = "\(directory.path)/s"
            let endpoint = Listener.Endpoint.unix(path: path, group: .own)
            let (_, descriptor, _) = try UnixSocketFile.bind(path: path, group: .own)
            listen(descriptor, 1)
            #expect(HeldSocket.fits(descriptor, endpoint))
            rename(path, path + ".old")
            #expect(!HeldSocket.fits(descriptor, endpoint))
            let (file, other, _) = try UnixSocketFile.bind(path: path, group: .own)
            #expect(!HeldSocket.fits(descriptor, endpoint))
            HeldSocket.discard(descriptor)
            #expect(access(path, F_OK) == 0, "another's file stays")
            close(other)
            file.remove()
        }

        @Test func inheritedTCPFollowsTheRulesForTCP() throws {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            #expect(listen(descriptor, 5) == 0)  // unbound: the kernel chooses a port on 0.0.0.0
            let text = message { _ = try start(.inherited(descriptor: descriptor)) }
            #expect(text.hasPrefix("refusing to listen on tcp://0.0.0.0:"))
        }

        @Test func socketActivationSelects() throws {
            let none = "no sockets found via socket activation: make sure the service was started by systemd"
            #expect(throws: ListenError(none)) { try SocketActivation.select(.all, among: []) }
            let environment = ["LISTEN_PID": "7", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "api"]
            #expect(
                SocketActivation.passed(environment: environment, pid: 7) == [
                    .init(descriptor: 3, name: "api"), .init(descriptor: 4, name: ""),
                ])
            #expect(SocketActivation.passed(environment: environment, pid: 8) == [])
            let directory = try TemporaryDirectory()
            let sockets = try ["a", "b"].map { name in
                let (_, descriptor, _) = try UnixSocketFile.bind(path: "\(directory.path)/\(name)", group: .own)
                listen(descriptor, 1)
                return SocketActivation.Passed(descriptor: descriptor, name: name)
            }
            let file = SocketActivation.Passed(descriptor: 2, name: "stored")
            #expect(try SocketActivation.select(.all, among: sockets + [file]) == sockets.map(\.descriptor))
            #expect(throws: ListenError("too few socket activated files passed in by systemd")) {
                try SocketActivation.select(.descriptor(5), among: sockets)
            }
            #expect(throws: ListenError("failed to listen on systemd activated file: fd 4")) {
                try SocketActivation.select(.descriptor(4), among: sockets)
            }
            for socket in sockets { close(socket.descriptor) }
        }

        @Test func hostsBecomeListeners() throws {
            let tls = TLSIdentity(certificate: "c", key: "k", clientCA: "a")
            let directory = try TemporaryDirectory()
            let (_, local, _) = try UnixSocketFile.bind(path: "\(directory.path)/s", group: .own)
            let remote = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { for descriptor in [local, remote] { close(descriptor) } }
            #expect(listen(local, 1) == 0 && listen(remote, 1) == 0)
            let passed = [local, remote].map { SocketActivation.Passed(descriptor: $0, name: "") }
            let all = try [
                ListenerAddress.unix(path: "/x"), .tcp(host: "h", port: 1), .inherited(.all),
            ].flatMap { try $0.listeners(group: .preferred("g"), tls: tls, passed: passed) }
            #expect(
                all.map(\.endpoint) == [
                    .unix(path: "/x", group: .preferred("g")), .tcp(host: "h", port: 1), .inherited(descriptor: local),
                    .inherited(descriptor: remote),
                ])
            #expect(all.map(\.tls) == [nil, tls, nil, tls])
        }
    }
}
