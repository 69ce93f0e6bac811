import Addressing
import NetworkModel

/// The filters of the prune routes: `until`, `label`, `label!` (docker-network-api 2.8).
struct PruneFilter: Sendable {
    private let filters: FilterSet
    private let until: Timestamp?

    /// - Throws: 400 for an unknown key, several `until`, or one that is no time.
    init(_ text: String, now: Timestamp) throws(APIError) {
        filters = try FilterSet(text)
        try filters.validate(["until", "label", "label!"])
        let values = filters.values("until")
        if values.count > 1 { throw .badRequest("more than one until filter specified") }
        until = try values.first.map { value throws(APIError) in try TimeText.parse(value, now: now) }
    }

    /// Whether a thing of that age and with those labels shall go.
    func matches(created: Timestamp, labels: [String: String]) -> Bool {
        if let until, created > until { return false }
        if !filters.matchesLabels("label", labels) { return false }
        return !filters.contains("label!") || filters.values("label!").isEmpty
            || !filters.matchesLabels("label!", labels)
    }
}
