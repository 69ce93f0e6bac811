/// Where a daemon is, as `--host` and DOCKER_HOST say it.
public enum DaemonAddress: Sendable, Hashable {
    case unix(path: String)
    /// `host` as it stands in a URL: IPv6 addresses in brackets.
    case tcp(host: String, port: UInt16)

    /// - Parameters:
    ///   - text: `unix://PATH` or `tcp://HOST[:PORT]`; without a scheme it is TCP (docker CLI, `--host`).
    ///   - tls: decides the default port, 2376 or 2375.
    /// - Throws: what is wrong with it.
    public init(_ text: String, tls: Bool) throws(ClientError) {
        let parts = text.firstRange(of: "://").map { (String(text[..<$0.lowerBound]), String(text[$0.upperBound...])) }
        let (scheme, rest) = parts ?? ("tcp", text)
        switch scheme {
        case "unix":
            guard rest.hasPrefix("/") else {
                throw ClientError("unable to parse docker host `\(text)`: the socket's path must be absolute")
            }
            self = .unix(path: rest)
        case "tcp", "http", "https":
            self = try Self.tcp(rest, whole: text, tls: tls)
        default:
            throw ClientError("unable to parse docker host `\(text)`: only unix:// and tcp:// are supported")
        }
    }

    private static func tcp(_ text: String, whole: String, tls: Bool) throws(ClientError) -> DaemonAddress {
        func refuse(_ reason: String) -> ClientError {
            ClientError("unable to parse docker host `\(whole)`: \(reason)")
        }
        let authority = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard !authority.isEmpty, authority.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            !authority.contains(where: { "/@?#\\".contains($0) })
        else { throw refuse("expected a host and, after a colon, a port") }
        // The colon of a port comes after the bracket of an IPv6 address.
        let end = authority.lastIndex(of: "]") ?? authority.startIndex
        guard let colon = authority[end...].lastIndex(of: ":") else {
            return .tcp(host: authority, port: tls ? 2376 : 2375)
        }
        let digits = authority[authority.index(after: colon)...]
        guard let port = UInt16(digits), port != 0, colon != authority.startIndex else {
            throw refuse("invalid port: \(digits)")
        }
        return .tcp(host: String(authority[..<colon]), port: port)
    }
}

extension DaemonAddress: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unix(let path): "unix://\(path)"
        case .tcp(let host, let port): "tcp://\(host):\(port)"
        }
    }
}
