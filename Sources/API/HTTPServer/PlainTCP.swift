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

    /// `localhost`, an address of 127.0.0.0/8 or `[::1]`, with or without a port.
    static func isLoopback(authority: String) -> Bool {
        var host = Substring(authority)
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]"), isPort(host[host.index(after: end)...]) else { return false }
            return host[...end] == "[::1]"
        }
        if let colon = host.firstIndex(of: ":") {
            guard isPort(host[colon...]) else { return false }
            host = host[..<colon]
        }
        if String(host).equalsIgnoringASCIICase("localhost") { return true }
        let octets = host.split(separator: ".", omittingEmptySubsequences: false)
        return octets.count == 4 && octets[0] == "127"
            && octets.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } && UInt8($0) != nil }
    }

    /// Nothing, or a colon and digits.
    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || text.first == ":" && text.dropFirst().utf8.allSatisfy { 0x30...0x39 ~= $0 }
    }
}
