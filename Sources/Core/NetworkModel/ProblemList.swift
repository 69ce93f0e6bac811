/// Problems found in one value, all of them, worded as Docker joins them: one stands alone, several make a list
/// (moby `internal/multierror`).
struct ProblemList {
    private(set) var texts: [String] = []

    mutating func append(_ text: String) {
        texts.append(text)
    }

    /// Refuses when there are problems: `<title>:`, then the list on the next lines.
    func refuse(_ title: String) throws(EngineError) {
        guard let first = texts.first else { return }
        let body = texts.count == 1 ? first : texts.map { "* " + $0 }.joined(separator: "\n")
        throw EngineError(.invalidArgument, "\(title):\n\(body)")
    }
}
