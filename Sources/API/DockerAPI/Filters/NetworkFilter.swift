import Engine
import NetworkModel

/// The filters of `GET /networks` (docker-network-api 2.2).
struct NetworkFilter: Sendable {
    private static let known: Set<String> = ["dangling", "driver", "id", "label", "name", "scope", "type"]
    private static let predefined: Set<String> = ["bridge", "host", "none", "default"]

    private let filters: FilterSet
    private let isDangling: Bool?
    private let isCustom: Bool?

    /// - Throws: 400 for an unknown key or a bad value; 500 for a bad type, as in Docker.
    init(_ filters: FilterSet) throws(APIError) {
        try filters.validate(Self.known)
        self.filters = filters
        isDangling = try filters.truth("dangling")
        var isCustom: Bool?
        for value in filters.values("type") {
            switch value {
            case "custom": isCustom = true
            case "builtin": isCustom = isCustom ?? false
            default: throw APIError(500, "invalid filter: 'type'='\(value)'")
            }
        }
        self.isCustom = isCustom
    }

    func select(_ entries: [NetworkEntry]) -> [NetworkEntry] {
        if filters.isEmpty { return entries }
        let plain = entries.filter { matches($0) }
        let byName = PatternFilter(filters, "name").select(plain) { $0.network.name }
        return PatternFilter(filters, "id").select(byName) { $0.network.id.text }
    }

    private func matches(_ entry: NetworkEntry) -> Bool {
        let network = entry.network
        let isPredefined = Self.predefined.contains(network.name)
        if let isDangling, isDangling != (!isPredefined && entry.endpoints.isEmpty) { return false }
        if let isCustom, isCustom == isPredefined { return false }
        return filters.matchesExactly("driver", network.driver) && filters.matchesExactly("scope", network.scope)
            && filters.matchesLabels("label", network.labels)
    }
}
