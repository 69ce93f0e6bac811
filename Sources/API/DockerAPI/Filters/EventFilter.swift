import Engine

/// The filters of `/events`: any key is taken, those below count (moby `daemon/events/filter.go`).
struct EventFilter: Sendable {
    private let filters: FilterSet

    init(_ filters: FilterSet) { self.filters = filters }

    /// Keys whose values are an actor's id or name, or the beginning of one.
    private static let actors = [
        "container", "network", "daemon", "plugin", "volume", "node", "service", "secret", "config",
    ]

    func matches(_ event: Event) -> Bool {
        if filters.isEmpty { return true }
        return matchesAction(event) && filters.matchesExactly("type", event.type)
            && filters.matchesExactly("scope", "local") && filters.matchesLabels("label", event.attributes)
            && Self.actors.allSatisfy { matchesActor($0, event) } && matchesImage(event)
    }

    /// Actions with something after a colon, such as `exec_create: ls`, match by their first word as well.
    private func matchesAction(_ event: Event) -> Bool {
        filters.matchesExactly("event", event.action)
            || event.action.split(separator: ":").first.map { filters.matchesExactly("event", String($0)) } == true
    }

    private func matchesActor(_ key: String, _ event: Event) -> Bool {
        filters.matchesPrefix(key, event.actor) || filters.matchesPrefix(key, event.attributes["name"] ?? "")
    }

    private func matchesImage(_ event: Event) -> Bool {
        let image = event.attributes["image"] ?? ""
        let untagged = image.split(separator: ":").first.map(String.init) ?? ""
        return [event.actor, image, untagged].contains { filters.matchesExactly("image", $0) }
    }
}
