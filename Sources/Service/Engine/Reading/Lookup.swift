import HashTreeCollections
public import NetworkModel

/// Whose words an ambiguous network term is refused in: inspect and the rest differ (docker-network-api 2.3, 2.7).
public enum LookupStyle: Sendable {
    case inspect
    case other
}

extension Snapshot {
    /// Full id, then full name, then unique id prefix.
    ///
    /// - Throws: `network <term> not found`, or 400 when several ids begin with the term.
    public func network(_ term: String, style: LookupStyle = .other) throws(EngineError) -> NetworkEntry {
        if let id = ObjectID(term), let entry = networks[id] { return entry }
        if let id = networkIDs[term], let entry = networks[id] { return entry }
        let matches = ids(withPrefix: term, networksByShortID, networks.keys).compactMap { networks[$0] }
        guard let first = matches.first else { throw EngineError(.notFound, "network \(term) not found") }
        guard matches.count == 1 else {
            let text =
                switch style {
                case .inspect: "\(matches.count) matches found based on ID prefix: network \(term) is ambiguous"
                case .other: "network \(term) is ambiguous (\(matches.count) matches found based on ID prefix)"
                }
            throw EngineError(.invalidArgument, text)
        }
        return first
    }

    /// Full id, then full name (with or without its slash), then unique id prefix.
    ///
    /// - Throws: `No such container: <term>`, or 400 when it is empty or several ids begin with it.
    public func container(_ term: String) throws(EngineError) -> ContainerEntry {
        guard !term.isEmpty else { throw EngineError(.invalidArgument, "invalid name or ID supplied: \"\"") }
        if let id = ObjectID(term), let entry = containers[id] { return entry }
        let name = term.hasPrefix("/") ? String(term.dropFirst()) : term
        if let id = containerIDs[name], let entry = containers[id] { return entry }
        let matches = ids(withPrefix: term, containersByShortID, containers.keys).compactMap { containers[$0] }
        guard let first = matches.first else { throw EngineError(.notFound, "No such container: \(term)") }
        guard matches.count == 1 else {
            throw EngineError(.invalidArgument, "multiple IDs found with provided prefix: \(term)")
        }
        return first
    }

    /// Found by the short id where the term is at least that long; only a shorter one has every id looked at.
    private func ids(
        withPrefix term: String, _ byShortID: TreeDictionary<String, [ObjectID]>, _ all: some Collection<ObjectID>
    ) -> [ObjectID] {
        guard !term.isEmpty, ObjectID.isPrefix(term) else { return [] }
        let candidates = term.utf8.count >= 12 ? byShortID[String(term.prefix(12))] ?? [] : Array(all)
        return candidates.filter { $0.text.hasPrefix(term) }
    }
}
