import Testing

@testable import HTTPServer

@Suite struct ListenerAddressTests {
    static func parse(_ text: String, tls: Bool = false) throws(ListenError) -> ListenerAddress {
        try .parse(text, tls: tls, defaultSocket: "/run/x.sock")
    }

    @Test(
        arguments: [
            ("", .unix(path: "/run/x.sock")), ("  ", .unix(path: "/run/x.sock")),
            ("unix://", .unix(path: "/run/x.sock")),
            ("unix:///a/b c.sock", .unix(path: "/a/b c.sock")), ("unix://relative", .unix(path: "relative")),
            ("tcp://", .tcp(host: "localhost", port: 2375)), ("tcp://:5555", .tcp(host: "localhost", port: 5555)),
            (":5555", .tcp(host: "localhost", port: 5555)), ("127.0.0.1", .tcp(host: "127.0.0.1", port: 2375)),
            (" tcp://127.0.0.1:80 ", .tcp(host: "127.0.0.1", port: 80)), ("[::1]:80", .tcp(host: "::1", port: 80)),
            ("tcp://[::1]", .tcp(host: "::1", port: 2375)), ("tcp://name:", .tcp(host: "name", port: 2375)),
            ("fd://", .inherited(.all)), ("fd://*", .inherited(.all)), ("fd://3", .inherited(.descriptor(3))),
        ] as [(String, ListenerAddress)])
    func understands(text: String, address: ListenerAddress) throws {
        #expect(try Self.parse(text) == address)
    }

    @Test func tlsHasItsOwnDefaults() throws {
        #expect(try Self.parse("", tls: true) == .tcp(host: "localhost", port: 2376))
        #expect(try Self.parse("tcp://0.0.0.0", tls: true) == .tcp(host: "0.0.0.0", port: 2376))
    }

    @Test(arguments: [
        ("udp://127.0.0.1", "invalid bind address (udp://127.0.0.1): unsupported proto 'udp'"),
        ("://x", "invalid bind address (://x): unsupported proto ''"),
        ("tcp://:5555/p", "invalid bind address (tcp://:5555/p): should not contain a path element"),
        ("0.0.0.0:5555/", "invalid bind address (0.0.0.0:5555/): should not contain a path element"),
        ("tcp://h:0", "invalid bind address (tcp://h:0): invalid port: 0"),
        ("tcp://h:port", "invalid bind address (tcp://h:port): invalid port: port"),
        ("tcp://h:65536", "invalid bind address (tcp://h:65536): invalid port: 65536"),
        ("tcp://h:+1", "invalid bind address (tcp://h:+1): invalid port: +1"),
        ("tcp://[::1", "invalid bind address (tcp://[::1): missing ']' in host"),
        ("unix://tcp://x", "invalid proto, expected unix: tcp://x"),
        ("fd://x", "failed to parse systemd fd address: should be a number: x"),
    ])
    func refuses(text: String, reason: String) {
        #expect(throws: ListenError(reason)) { try Self.parse(text) }
    }

    @Test func saysItself() throws {
        for text in ["unix:///a", "tcp://[::1]:80", "tcp://localhost:2375", "fd://", "fd://4"] {
            #expect(try Self.parse(text).description == text)
        }
    }
}
