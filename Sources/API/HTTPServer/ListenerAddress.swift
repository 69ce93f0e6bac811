/// What one `--host` says: `unix://PATH`, `tcp://HOST:PORT` or `fd://[N]`; without a scheme it is TCP.
/// Docker: `daemon` reference, "Daemon socket option"; defaults and refusals are dockerd's.
public enum ListenerAddress: Sendable, Hashable {
    case unix(path: String)
    case tcp(host: String, port: UInt16)
    case inherited(InheritedSelection)

    public enum InheritedSelection: Sendable, Hashable {
        case all
        /// The descriptor's absolute number; systemd's first is 3.
        case descriptor(Int)
    }

    /// Ports without and with TLS (IANA: docker, docker-s).
    public static let plainPort: UInt16 = 2375
    public static let tlsPort: UInt16 = 2376

    /// Parses one `--host`. An empty text means `defaultSocket`, or TLS on localhost if `tls`.
    public static func parse(_ text: String, tls: Bool, defaultSocket: String) throws(ListenError) -> ListenerAddress {
        let host = text.trimmingSpaces()
        guard !host.isEmpty else {
            return tls ? .tcp(host: "localhost", port: tlsPort) : .unix(path: defaultSocket)
        }
        guard let (scheme, rest) = host.splitScheme() else {
            return try parseTCP(host, whole: host, tls: tls)
        }
        switch scheme {
        case "tcp": return try parseTCP(rest, whole: host, tls: tls)
        case "unix":
            guard rest.splitScheme() == nil else { throw ListenError("invalid proto, expected unix: \(rest)") }
            return .unix(path: rest.isEmpty ? defaultSocket : String(rest))
        case "fd":
            if rest.isEmpty || rest == "*" { return .inherited(.all) }
            guard let number = Int(rest) else {
                throw ListenError("failed to parse systemd fd address: should be a number: \(rest)")
            }
            return .inherited(.descriptor(number))
        default: throw ListenError("invalid bind address (\(host)): unsupported proto '\(scheme)'")
        }
    }

    private static func parseTCP(
        _ text: some StringProtocol, whole: String, tls: Bool
    ) throws(ListenError) -> ListenerAddress {
        func refuse(_ reason: String) -> ListenError { ListenError("invalid bind address (\(whole)): \(reason)") }
        if text.contains("/") { throw refuse("should not contain a path element") }
        let (host, port) = try splitPort(text, refuse: refuse)
        guard host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw refuse("invalid character in host name") }
        let name = host.isEmpty ? "localhost" : host
        guard let port, !port.isEmpty else { return .tcp(host: name, port: tls ? tlsPort : plainPort) }
        guard port.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = UInt16(port), number != 0 else {
            throw refuse("invalid port: \(port)")
        }
        return .tcp(host: name, port: number)
    }

    /// `host`, `host:port` or `[v6]:port`.
    private static func splitPort(
        _ text: some StringProtocol, refuse: (String) -> ListenError
    ) throws(ListenError) -> (host: String, port: String?) {
        guard text.hasPrefix("[") else {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count == 2 ? String(parts[1]) : nil)
        }
        guard let end = text.firstIndex(of: "]") else { throw refuse("missing ']' in host") }
        let host = String(text[text.index(after: text.startIndex)..<end])
        let rest = text[text.index(after: end)...]
        if rest.isEmpty { return (host, nil) }
        guard rest.hasPrefix(":") else { throw refuse("invalid port: \(rest)") }
        return (host, String(rest.dropFirst()))
    }
}

extension ListenerAddress: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unix(let path): "unix://\(path)"
        case .tcp(let host, let port): host.contains(":") ? "tcp://[\(host)]:\(port)" : "tcp://\(host):\(port)"
        case .inherited(.all): "fd://"
        case .inherited(.descriptor(let number)): "fd://\(number)"
        }
    }
}

extension StringProtocol {
    fileprivate func trimmingSpaces() -> String {
        let isSpace = { (character: Character) in character.isWhitespace }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return ""
        }
        return String(self[first...last])
    }

    fileprivate func splitScheme() -> (scheme: String, rest: String)? {
        guard let range = firstRange(of: "://") else { return nil }
        return (String(self[..<range.lowerBound]), String(self[range.upperBound...]))
    }
}
