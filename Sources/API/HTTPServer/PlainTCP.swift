internal import HTTPMessage

/// The rules for TCP without client certificates: whoever can connect controls the host's networks.
enum PlainTCP {
    /// Why a listener at `address` is refused; nil on loopback. With `tls`, the server only proves itself.
    static func refusal(of address: ListenerAddress, tls: Bool) -> ListenError {
        ListenError(
            """
            refusing to listen on \(address) \(tls ? "with TLS but without client certificates" : "without TLS"): \
            anyone who can reach this address could take over the networks of this host; require client certificates \
            with --tlsverify, --tlscacert, --tlscert and --tlskey, or listen on 127.0.0.1 or a unix socket
            """)
    }

    /// What to log about a listener on loopback.
    static func warning(about address: ListenerAddress) -> String {
        """
        \(address) asks for no client certificate: every user and every process of this host, not only those in the \
        socket's group, can take over its networks; prefer a unix socket or --tlsverify
        """
    }

    /// Why a request is refused with 403; nil when it is fine. Browsers send `Origin` for anything a foreign page makes
    /// them send, and the page's own name as `Host` after DNS rebinding: neither may reach a daemon on loopback.
    static func refusal(of headers: Headers) -> String? {
        if let origin = headers["Origin"] {
            return
                "requests with an Origin header (\(origin)) are not served over plain TCP: web pages have no business here"
        }
        if let host = headers["Host"], !isLoopback(authority: host) {
            return """
                Host \(host) is not a loopback address: over plain TCP only localhost, 127.0.0.0/8 and [::1] are served
                """
        }
        return nil
    }

    /// `localhost`, an address of 127.0.0.0/8 or `[::1]`, with or without a port. Asked of every request: bytes, since
    /// going by characters takes ten times as long.
    static func isLoopback(authority: String) -> Bool {
        var authority = authority
        return authority.withUTF8 { isLoopback(authority: $0[...]) }
    }

    private static func isLoopback(authority: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var host = authority
        if host.first == UInt8(ascii: "[") {
            guard let end = host.firstIndex(of: UInt8(ascii: "]")), isPort(host[(end + 1)...]) else { return false }
            return host[...end].elementsEqual("[::1]".utf8)
        }
        if let colon = host.firstIndex(of: UInt8(ascii: ":")) {
            guard isPort(host[colon...]) else { return false }
            host = host[..<colon]
        }
        // Bit 5 is what tells the cases of ASCII letters apart.
        return host.lazy.map { $0 | 0x20 }.elementsEqual("localhost".utf8) || isLoopback(octets: host)
    }

    private static func isLoopback(octets host: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard host.starts(with: "127.".utf8) else { return false }
        var (value, digits, dots) = (0, 0, 0)
        for byte in host {
            if byte == UInt8(ascii: ".") {
                guard digits > 0 else { return false }
                (value, digits, dots) = (0, 0, dots + 1)
            } else {
                guard isDigit(byte), value * 10 + Int(byte & 0x0F) < 256 else { return false }
                (value, digits) = (value * 10 + Int(byte & 0x0F), digits + 1)
            }
        }
        return dots == 3 && digits > 0
    }

    /// Nothing, or a colon and digits.
    private static func isPort(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        text.isEmpty || text.first == UInt8(ascii: ":") && text.dropFirst().allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }
}
