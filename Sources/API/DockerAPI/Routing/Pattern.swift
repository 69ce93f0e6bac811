/// Which paths a route answers: literal, or with a name of any characters, slashes too, in one place
/// (gorilla/mux `{name:.*}`).
struct Pattern: Sendable {
    private let prefix: [UInt8]
    /// Nil: the path is just the prefix.
    private let suffix: [UInt8]?
    private let nameMayBeEmpty: Bool
    /// As written, `/networks/{id}/connect`; `{id+}` must not be empty.
    let text: String

    init(_ text: String) {
        self.text = text
        guard let open = text.firstIndex(of: "{"), let close = text.firstIndex(of: "}") else {
            prefix = Array(text.utf8)
            suffix = nil
            nameMayBeEmpty = false
            return
        }
        prefix = Array(text[..<open].utf8)
        suffix = Array(text[text.index(after: close)...].utf8)
        nameMayBeEmpty = text[text.index(before: close)] != "+"
    }

    /// The name in the path, "" for a literal one; nil when the path doesn't match.
    func name(in path: [UInt8]) -> String? {
        guard let suffix else { return path == prefix ? "" : nil }
        let count = path.count - prefix.count - suffix.count
        guard count >= (nameMayBeEmpty ? 0 : 1), path.starts(with: prefix),
            path[(path.count - suffix.count)...].elementsEqual(suffix)
        else { return nil }
        return String(decoding: path[prefix.count..<(prefix.count + count)], as: UTF8.self)
    }
}
