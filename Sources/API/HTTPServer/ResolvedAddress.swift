import Glibc

/// Where a TCP listener binds: the first address of a name, IPv4 before IPv6 (as Go's net.Listen).
struct ResolvedAddress {
    let family: Int32
    private let bytes: [UInt8]

    init(host: String, port: UInt16) throws(ListenError) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard status == 0, let list else {
            let address = ListenerAddress.tcp(host: host, port: port)
            throw ListenError("cannot listen on \(address): \(String(cString: gai_strerror(status)))")
        }
        let all = sequence(first: list) { $0.pointee.ai_next }
        let chosen = (all.first { $0.pointee.ai_family == AF_INET } ?? list).pointee
        family = chosen.ai_family
        bytes = Array(UnsafeRawBufferPointer(start: chosen.ai_addr, count: Int(chosen.ai_addrlen)))
    }

    var socketAddress: SocketAddress {
        bytes.withUnsafeBytes { SocketAddress($0, length: $0.count) }
    }

    /// Calls `body` with it as a sockaddr.
    func withSockaddr(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        bytes.withUnsafeBytes { raw in
            guard let base = raw.baseAddress else { return -1 }
            return body(base.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
        }
    }
}
