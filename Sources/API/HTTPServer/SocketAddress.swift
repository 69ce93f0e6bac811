import Glibc

/// A socket's own or its peer's address, as far as the server cares.
enum SocketAddress: Hashable {
    case unix(path: String)
    case ipv4(bytes: [UInt8], port: UInt16)
    case ipv6(bytes: [UInt8], port: UInt16)
    case other(family: Int32)

    init?(localOf descriptor: Int32) {
        self.init { getsockname(descriptor, $0, $1) }
    }

    init?(peerOf descriptor: Int32) {
        self.init { getpeername(descriptor, $0, $1) }
    }

    private init?(_ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, &length) }
        }
        guard result == 0 else { return nil }
        self = withUnsafeBytes(of: &storage) { SocketAddress($0, length: Int(length)) }
    }

    /// From the bytes of a sockaddr.
    init(_ raw: UnsafeRawBufferPointer, length: Int) {
        let family = Int32(raw.loadUnaligned(as: sa_family_t.self))
        let port = { UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) }
        switch family {
        case AF_UNIX:
            let path = raw[min(2, length)..<min(length, raw.count)].prefix { $0 != 0 }
            self = .unix(path: String(decoding: path, as: UTF8.self))
        case AF_INET: self = .ipv4(bytes: Array(raw[4..<8]), port: port())
        case AF_INET6: self = .ipv6(bytes: Array(raw[8..<24]), port: port())
        default: self = .other(family: family)
        }
    }

    /// Whether only this host's own processes can reach it: 127.0.0.0/8, ::1 or the former inside the latter's family.
    var isLoopback: Bool {
        switch self {
        case .unix: true
        case .ipv4(let bytes, _): bytes[0] == 127
        case .ipv6(let bytes, _):
            bytes == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
                || bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127])
        case .other: false
        }
    }

    /// The address alone: a path, or numerically.
    var host: String {
        switch self {
        case .unix(let path): path
        case .ipv4(let bytes, _): numeric(AF_INET, bytes)
        case .ipv6(let bytes, _): numeric(AF_INET6, bytes)
        case .other(let family): "family \(family)"
        }
    }

    /// As a `--host` would say it; nil for families that have no such form.
    var listenerAddress: ListenerAddress? {
        switch self {
        case .unix(let path): .unix(path: path)
        case .ipv4(_, let port), .ipv6(_, let port): .tcp(host: host, port: port)
        case .other: nil
        }
    }

    private func numeric(_ family: Int32, _ bytes: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "" }
        return text.withUnsafeBufferPointer { buffer in
            String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
