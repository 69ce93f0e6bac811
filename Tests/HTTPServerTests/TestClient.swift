import Glibc

@testable import HTTPServer

/// A blocking client on a raw socket; every wait is bounded by `seconds`.
final class TestClient: @unchecked Sendable {  // used by one thread at a time
    struct Reply: Equatable {
        var status: Int
        var headers: [(name: String, value: String)]
        var body: [UInt8]

        subscript(name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }

        var text: String { String(decoding: body, as: UTF8.self) }

        static func == (one: Reply, other: Reply) -> Bool { one.status == other.status && one.body == other.body }
    }

    enum Failure: Error {
        case connect(Int32)
        case closed(after: [UInt8])
        case timedOut
        case malformed(String)
    }

    let descriptor: Int32
    private var buffer: [UInt8] = []

    init(_ address: ListenerAddress, seconds: Int = 10) throws {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_un>.size)
        switch address {
        case .unix(let path):
            withUnsafeMutableBytes(of: &storage) { raw in
                raw.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
                raw[2...].copyBytes(from: path.utf8)
            }
        case .tcp(let host, let port):
            let family = host.contains(":") ? AF_INET6 : AF_INET
            length = socklen_t(
                family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size)
            withUnsafeMutableBytes(of: &storage) { raw in
                raw.storeBytes(of: sa_family_t(family), as: sa_family_t.self)
                raw.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
                _ = raw.baseAddress.map { inet_pton(family, host, $0 + (family == AF_INET ? 4 : 8)) }
            }
        case .inherited: throw Failure.connect(EINVAL)
        }
        let family = Int32(storage.ss_family)
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var bound = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &bound, socklen_t(MemoryLayout<timeval>.size))
        }
        let result = withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) }
        }
        if result != 0 { throw Failure.connect(errno) }
    }

    deinit { close(descriptor) }

    /// How many bytes went out: fewer than all when the server takes no more, or has closed.
    @discardableResult
    func send(_ bytes: [UInt8], waiting: Bool = true) -> Int {
        var sent = 0
        while sent < bytes.count {
            let flags = Int32(MSG_NOSIGNAL) | (waiting ? 0 : Int32(MSG_DONTWAIT))
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, flags) }
            if count <= 0 { break }
            sent += count
        }
        return sent
    }

    @discardableResult
    func send(_ text: String) -> Int { send(Array(text.utf8)) }

    func get(_ target: String, method: String = "GET", headers: String = "") throws -> Reply {
        send("\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n")
        return try reply(toHead: method == "HEAD")
    }

    func post(_ target: String, _ body: [UInt8], headers: String = "") throws -> Reply {
        send("POST \(target) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n\(headers)\r\n")
        send(body)
        return try reply()
    }

    /// The next whole response.
    func reply(toHead: Bool = false) throws -> Reply {
        var reply = try head()
        if toHead || reply.status == 204 || reply.status == 304 { return reply }
        if reply["Transfer-Encoding"] == "chunked" {
            while let chunk = try self.chunk() { reply.body += chunk }
        } else if let length = reply["Content-Length"].flatMap({ Int($0) }) {
            reply.body = try take(length)
        } else {
            reply.body = try rest()
        }
        return reply
    }

    /// Status line and header fields.
    func head() throws -> Reply {
        let lines = try line(endingWith: "\r\n\r\n").split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count > 1, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw Failure.malformed(lines.joined(separator: "\n"))
        }
        let headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ": ", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count == 2 ? String(parts[1]) : "")
        }
        return Reply(status: status, headers: headers, body: [])
    }

    /// One chunk of a chunked body; nil after the last.
    func chunk() throws -> [UInt8]? {
        let size = try line(endingWith: "\r\n")
        guard let count = Int(size.filter(\.isHexDigit), radix: 16) else { throw Failure.malformed(size) }
        let bytes = try take(count)
        _ = try take(2)
        return count == 0 ? nil : bytes
    }

    /// Everything until the server closes.
    func rest() throws -> [UInt8] {
        while try fill() {}
        defer { buffer = [] }
        return buffer
    }

    /// Whether the server closes the connection, without having sent anything more.
    func isClosed() throws -> Bool { try rest().isEmpty }

    func finishWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    private func take(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { guard try fill() else { throw Failure.closed(after: buffer) } }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    private func line(endingWith end: String) throws -> String {
        let mark = Array(end.utf8)
        while true {
            if let range = buffer.firstRange(of: mark) {
                return String(decoding: try take(range.upperBound), as: UTF8.self)
            }
            guard try fill() else { throw Failure.closed(after: buffer) }
        }
    }

    private func fill() throws -> Bool {
        var part = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &part, part.count, 0)
        if count < 0, errno == EAGAIN { throw Failure.timedOut }
        if count <= 0 { return false }
        buffer += part[..<count]
        return true
    }
}
