import Glibc
import Synchronization

/// Answers every connection on a unix socket or a loopback port with the same bytes, and remembers what was asked.
final class SocketServer: Sendable {
    private let descriptor: Int32
    private let requests = Mutex<[String]>([])
    /// The port, 0 for a unix socket.
    let port: UInt16

    var asked: [String] { requests.withLock { $0 } }

    init(path: String, answering answer: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        port = 0
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, listen(descriptor, 8) == 0 else { throw TestFailure("bind \(path): \(errno)") }
        serve(answer)
    }

    init(answering answer: String) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let named = withUnsafeMutablePointer(to: &address) { [descriptor] pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard named else { throw TestFailure("bind: \(errno)") }
        port = UInt16(bigEndian: address.sin_port)
        serve(answer)
    }

    /// Ends the accepting thread.
    func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private func serve(_ answer: String) {
        var thread = pthread_t()
        let work = Unmanaged.passRetained(Work(server: self, answer: answer))
        pthread_create(&thread, nil, acceptAll, work.toOpaque())
        pthread_detach(thread)
    }

    fileprivate final class Work: Sendable {
        let server: SocketServer
        let answer: String

        init(server: SocketServer, answer: String) {
            self.server = server
            self.answer = answer
        }

        func run() {
            while true {
                let connection = accept(server.descriptor, nil, nil)
                if connection < 0 { break }
                server.answer(connection, answer)
            }
            close(server.descriptor)
        }
    }

    private func answer(_ connection: Int32, _ answer: String) {
        defer { close(connection) }
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var request = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !Self.isWhole(request) {
            let count = recv(connection, &buffer, buffer.count, 0)
            if count <= 0 { return }
            request += String(decoding: buffer[..<count], as: UTF8.self)
        }
        requests.withLock { $0.append(request) }
        let bytes = Array(answer.utf8)
        _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        // Until the client has seen the peer's credentials and closes.
        _ = recv(connection, &buffer, buffer.count, 0)
    }

    private static func isWhole(_ request: String) -> Bool {
        guard let end = request.firstRange(of: "\r\n\r\n") else { return false }
        guard let length = request.firstRange(of: "Content-Length: ") else { return true }
        let digits = request[length.upperBound...].prefix { $0.isNumber }
        return request[end.upperBound...].utf8.count >= Int(digits) ?? 0
    }
}

private let acceptAll: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
    if let context { Unmanaged<SocketServer.Work>.fromOpaque(context).takeRetainedValue().run() }
    return nil
}
