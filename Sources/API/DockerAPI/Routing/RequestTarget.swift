/// A raw request target taken apart: which API version it names, which decoded path, which raw query.
struct RequestTarget: Sendable {
    /// The text between `/v` and the next slash; nil where there is no such prefix.
    let version: String?
    /// Percent-decoded, without the version's prefix.
    let path: [UInt8]
    /// As sent, without the question mark.
    let query: Substring
    /// Where the client should have gone, when the path has `//`, `/./` or `/../` in it (gorilla/mux cleans paths).
    let cleaned: String?

    /// - Throws: 400 for a target that is no URL, in the words of Go's `url.Parse`.
    init(_ target: String) throws(APIError) {
        let (raw, query) = Self.split(target)
        guard let decoded = PercentEncoding.decode(raw.utf8, plusIsSpace: false) else {
            let escape = PercentEncoding.firstInvalidEscape(raw)
            throw APIError(400, "parse \(target.goQuoted): invalid URL escape \(escape.goQuoted)")
        }
        self.query = query
        let cleanPath = Self.clean(decoded)
        cleaned =
            cleanPath == decoded
            ? nil : PercentEncoding.encodePath(cleanPath) + (query.isEmpty ? "" : "?" + query)
        (version, path) = Self.splitVersion(cleanPath)
    }

    /// The path's and the query's text; of an absolute URL (RFC 9112 section 3.2.2), what follows the authority.
    private static func split(_ target: String) -> (path: Substring, query: Substring) {
        var rest = target[...]
        if !rest.hasPrefix("/"), let scheme = rest.firstRange(of: "://") {
            rest = rest[scheme.upperBound...]
            rest = rest.firstIndex { $0 == "/" || $0 == "?" }.map { rest[$0...] } ?? ""
        }
        guard let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (rest, "") }
        return (rest[..<mark], rest[rest.utf8.index(after: mark)...])
    }

    /// `/v1.44/info` is 1.44 and `/info`.
    private static func splitVersion(_ path: [UInt8]) -> (version: String?, path: [UInt8]) {
        guard path.count > 3, path[0] == UInt8(ascii: "/"), path[1] == UInt8(ascii: "v"),
            let slash = path[2...].firstIndex(of: UInt8(ascii: "/")), slash > 2,
            path[2..<slash].allSatisfy({
                $0 == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            })
        else { return (nil, path) }
        return (String(decoding: path[2..<slash], as: UTF8.self), Array(path[slash...]))
    }

    /// Go's `path.Clean`, a trailing slash kept.
    private static func clean(_ path: [UInt8]) -> [UInt8] {
        guard path.first == UInt8(ascii: "/") else { return clean([UInt8(ascii: "/")] + path) }
        guard needsCleaning(path) else { return path }
        var kept: [ArraySlice<UInt8>] = []
        for part in path.split(separator: UInt8(ascii: "/")) {
            if part.elementsEqual(".".utf8) { continue }
            if part.elementsEqual("..".utf8) {
                _ = kept.popLast()
                continue
            }
            kept.append(part)
        }
        var result: [UInt8] = []
        for part in kept {
            result.append(UInt8(ascii: "/"))
            result += part
        }
        if path.last == UInt8(ascii: "/") || result.isEmpty { result.append(UInt8(ascii: "/")) }
        return result
    }

    private static func needsCleaning(_ path: [UInt8]) -> Bool {
        for index in path.indices where path[index] == UInt8(ascii: "/") {
            var end = index + 1
            while end < path.count, path[end] == UInt8(ascii: "."), end < index + 3 { end += 1 }
            if end < path.count, path[end] == UInt8(ascii: "/") { return true }
            if end == path.count, end > index + 1 { return true }
        }
        return false
    }
}
