internal import HTTPMessage

/// How long a request's body is, by its header fields. MHD is lenient here; a proxy in front that reads the fields
/// differently would let one client smuggle requests into another's connection (RFC 9112 §6.3, §11.2).
enum Framing: Equatable {
    case none
    case length(UInt64)
    case chunked
    /// Answered with 400, and the connection closed.
    case invalid(String)

    init(_ headers: Headers, isHTTP10: Bool = false) {
        var lengths: [String] = []
        var codings: [String] = []
        var hosts = 0
        for field in headers.fields {
            switch field.name.utf8.count {
            case 4 where field.name.equalsIgnoringASCIICase("Host"): hosts += 1
            case 14 where field.name.equalsIgnoringASCIICase("Content-Length"): lengths.append(field.value)
            case 17 where field.name.equalsIgnoringASCIICase("Transfer-Encoding"): codings.append(field.value)
            default: break
            }
            guard Framing.isToken(field.name) else {
                self = .invalid("invalid header field name \(field.name.debugDescription)")
                return
            }
        }
        self = Framing.judge(lengths, codings, hosts: hosts, isHTTP10: isHTTP10)
    }

    private static func judge(_ lengths: [String], _ codings: [String], hosts: Int, isHTTP10: Bool) -> Framing {
        if hosts > 1 { return .invalid("more than one Host header") }
        if lengths.count > 1 { return .invalid("more than one Content-Length header") }
        if !codings.isEmpty {
            if !lengths.isEmpty { return .invalid("both Content-Length and Transfer-Encoding headers") }
            guard !isHTTP10, codings.count == 1, codings[0].equalsIgnoringASCIICase("chunked") else {
                return .invalid("unsupported transfer encoding: \(codings.joined(separator: ", "))")
            }
            return .chunked
        }
        guard let length = lengths.first else { return .none }
        guard !length.isEmpty, length.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let count = UInt64(length) else {
            return .invalid("bad Content-Length \(length.debugDescription)")
        }
        return count == 0 ? .none : .length(count)
    }

    /// RFC 9110 §5.6.2: no spaces, no delimiters.
    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60,
                    0x7C,
                    0x7E:
                    true
                default: false
                }
            }
    }
}
