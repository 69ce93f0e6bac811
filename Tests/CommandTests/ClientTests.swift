import Client
import Glibc
import Testing

struct ClientTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Word: a: b\r\n\r\nOK"

    @Test func overAUnixSocket() throws {
        let folder = try TemporaryFolder()
        let server = try SocketServer(path: folder.path + "/s", answering: Self.ok)
        defer { server.stop() }
        let client = Client(ClientConfiguration(address: .unix(path: folder.path + "/s")), totalSeconds: 10)
        let response = try client.request("GET", "/a%2Fb?c=d")
        #expect(response.status == 200)
        #expect(response["x-word"] == "a: b")
        #expect(response.body == Array("OK".utf8))
        #expect(response.peer == getpid())
        #expect(server.asked.first?.hasPrefix("GET /a%2Fb?c=d HTTP/1.1\r\nHost: localhost\r\n") == true)
    }

    @Test func overTCPWithABody() throws {
        let answer = "HTTP/1.1 409 Conflict\r\nContent-Length: 17\r\n\r\n{\"message\":\"no\"}\n"
        let server = try SocketServer(answering: answer)
        defer { server.stop() }
        let address = try DaemonAddress("tcp://127.0.0.1:\(server.port)", tls: false)
        let client = Client(ClientConfiguration(address: address), totalSeconds: 10)
        let response = try client.request("POST", "/x", body: Array("{}".utf8))
        #expect(response.status == 409)
        #expect(response.body.count == 17)
        let asked = try #require(server.asked.first)
        #expect(asked.hasPrefix("POST /x HTTP/1.1\r\n"))
        #expect(asked.contains("\r\nContent-Type: application/json\r\n"))
        #expect(asked.hasSuffix("\r\n\r\n{}"))
    }

    @Test func anEmptyBodyIsSent() throws {
        let server = try SocketServer(answering: Self.ok)
        defer { server.stop() }
        let client = Client(ClientConfiguration(address: .tcp(host: "127.0.0.1", port: server.port)), totalSeconds: 10)
        #expect(try client.request("POST", "/", body: []).status == 200)
        #expect(server.asked.first?.contains("\r\nContent-Length: 0\r\n") == true)
    }

    @Test func nobodyListens() throws {
        let folder = try TemporaryFolder()
        let client = Client(ClientConfiguration(address: .unix(path: folder.path + "/s")))
        #expect(
            throws: ClientError(
                "Cannot connect to the Fairlead daemon at unix://\(folder.path)/s. Is the daemon running?")
        ) { try client.request("GET", "/") }
    }

    @Test func anAnswerThatIsCutShort() throws {
        let server = try SocketServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nO")
        defer { server.stop() }
        let client = Client(ClientConfiguration(address: .tcp(host: "127.0.0.1", port: server.port)), totalSeconds: 1)
        let error = #expect(throws: ClientError.self) { try client.request("GET", "/") }
        #expect(error?.message.hasPrefix("error during connect: tcp://127.0.0.1:\(server.port): ") == true)
    }

    @Test(arguments: [
        ("unix:///run/a.sock", false, DaemonAddress.unix(path: "/run/a.sock")),
        ("tcp://h:1", false, .tcp(host: "h", port: 1)),
        ("h", false, .tcp(host: "h", port: 2375)),
        ("tcp://h/", true, .tcp(host: "h", port: 2376)),
        ("tcp://[::1]:7", true, .tcp(host: "[::1]", port: 7)),
        ("tcp://[::1]", false, .tcp(host: "[::1]", port: 2375)),
    ])
    func addresses(_ text: String, _ tls: Bool, _ expected: DaemonAddress) throws {
        #expect(try DaemonAddress(text, tls: tls) == expected)
    }

    @Test(arguments: ["unix://a", "ftp://h", "tcp://", "tcp://h:0", "tcp://h:x", "tcp://h/p", "tcp://:1", "tcp://u@h"])
    func addressesThatAreNone(_ text: String) {
        let error = #expect(throws: ClientError.self) { try DaemonAddress(text, tls: false) }
        #expect(error?.message.hasPrefix("unable to parse docker host `\(text)`: ") == true)
    }

    @Test func hostWinsOverTheEnvironment() throws {
        let environment = ["DOCKER_HOST": "tcp://h", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/c"]
        let fromEnvironment = try ClientConfiguration(host: nil, environment: environment, defaultSocket: "/s")
        #expect(fromEnvironment.address == .tcp(host: "h", port: 2376))
        #expect(fromEnvironment.tls == .init(authority: "/c/ca.pem", certificate: "/c/cert.pem", key: "/c/key.pem"))
        let named = try ClientConfiguration(host: "unix:///x", environment: environment, defaultSocket: "/s")
        #expect(named == ClientConfiguration(address: .unix(path: "/x")))
        let neither = try ClientConfiguration(host: nil, environment: ["DOCKER_HOST": ""], defaultSocket: "/s")
        #expect(neither == ClientConfiguration(address: .unix(path: "/s")))
    }
}
