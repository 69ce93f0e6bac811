/// One HTTP request as it arrived: nothing decoded, nothing normalised.
public struct Request: Sendable {
    public let method: String
    /// The raw request target (RFC 9112 §3.2): percent-encoding and query included, as sent.
    public let target: String
    public let headers: Headers
    public let body: BodyStream
    public let peer: Peer

    public init(method: String, target: String, headers: Headers, body: BodyStream, peer: Peer) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.peer = peer
    }
}

/// Who is at the other end.
public enum Peer: Sendable, Hashable {
    /// A local process on a unix socket, by SO_PEERCRED.
    case unix(pid: Int32, uid: UInt32)
    /// A TCP client; `verified` when it showed a client certificate that the CA vouches for.
    case tcp(address: String, verified: Bool)
}

/// Header fields in the order they came; names compare without case (RFC 9110 §5.1).
public struct Headers: Sendable, Hashable {
    public private(set) var fields: [Field]

    public struct Field: Sendable, Hashable {
        public let name: String
        public let value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(_ fields: [Field] = []) {
        self.fields = fields
    }

    /// The first field of that name.
    public subscript(name: String) -> String? {
        fields.first { $0.name.equalsIgnoringASCIICase(name) }?.value
    }

    public mutating func append(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }
}

extension String {
    /// Whether both are the same but for the case of ASCII letters.
    public func equalsIgnoringASCIICase(_ other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        // Nearly always: comparing small strings takes two words.
        if self == other { return true }
        return zip(utf8, other.utf8).allSatisfy {
            $0 == $1 || ($0 | 0x20 == $1 | 0x20 && ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A)
        }
    }
}
