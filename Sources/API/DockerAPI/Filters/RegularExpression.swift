import CRE2

/// An RE2 pattern, which is what Docker's filters are: linear in time, whatever the client sends.
struct RegularExpression: ~Copyable {
    private let pattern: OpaquePointer

    /// Nil when RE2 refuses the text.
    init?(_ text: String) {
        var text = text
        guard
            let pattern = text.withUTF8({ bytes in
                bytes.withMemoryRebound(to: CChar.self) { cre2_compile($0.baseAddress ?? Self.empty, $0.count) }
            })
        else { return nil }
        self.pattern = pattern
    }

    deinit { cre2_free(pattern) }

    /// Whether the pattern matches anywhere in the text.
    borrowing func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { cre2_matches(pattern, $0.baseAddress ?? Self.empty, $0.count) }
        }
    }

    /// Something to point at where there are no bytes. Never written, never freed.
    private nonisolated(unsafe) static let empty = UnsafePointer(UnsafeMutablePointer<CChar>.allocate(capacity: 1))
}
