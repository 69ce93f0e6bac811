import Addressing
import Engine
import NetworkModel

/// The filters and limits of `GET /containers/json` (moby `daemon/list.go`).
struct ContainerFilter: Sendable {
    private static let known: Set<String> = [
        "ancestor", "before", "exited", "expose", "health", "id", "isolation", "is-task", "label", "name", "network",
        "publish", "since", "status", "volume",
    ]
    private static let states = ["created", "running", "paused", "restarting", "removing", "exited", "dead"]
    private static let healths = ["none", "starting", "healthy", "unhealthy"]

    private let filters: FilterSet
    private let showsAll: Bool
    private let limit: Int
    private let exitCodes: [Int]
    private let isTask: Bool?
    private let ports: [(key: String, ranges: [ExposedRange])]
    private let before: Container?
    private let since: Container?

    /// - Throws: 400 for an unknown key or a bad value, 404 for an unknown container in `before` or `since`.
    init(_ query: QueryParameters, in snapshot: Snapshot) throws(APIError) {
        let filters = try FilterSet(query["filters"])
        try filters.validate(Self.known)
        self.filters = filters
        limit = try query.number("limit") ?? 0
        exitCodes = try Self.exitCodes(filters)
        for status in filters.values("status") where !Self.states.contains(status) {
            throw Self.refusal("status", status, "invalid value for state (\(status)): must be one of", Self.states)
        }
        for health in filters.values("health") where !Self.healths.contains(health) {
            throw Self.refusal("health", health, "invalid value for health (\(health)): must be one of", Self.healths)
        }
        isTask = try filters.truth("is-task")
        ports = try ["publish", "expose"].map { key throws(APIError) in
            (key, try filters.values(key).map { value throws(APIError) in try ExposedRange(value, key: key) })
        }
        before = try Self.last(filters.values("before"), query["before"], in: snapshot)
        since = try Self.last(filters.values("since"), query["since"], in: snapshot)
        showsAll =
            query.flag("all") || limit > 0 || before != nil || since != nil || !filters.values("status").isEmpty
    }

    /// The newest first.
    func select(_ snapshot: Snapshot) -> [ContainerEntry] {
        let candidates = snapshot.containers.values.filter { matches($0) }
        let byName = PatternFilter(filters, "name").select(candidates) { $0.container.name }
        let byID = PatternFilter(filters, "id").select(byName) { $0.container.id.text }
        let ordered = byID.sorted { Self.isNewer($0.container, $1.container) }
        return limit > 0 ? Array(ordered.prefix(limit)) : ordered
    }

    private func matches(_ entry: ContainerEntry) -> Bool {
        let container = entry.container
        if !showsAll, !container.state.isRunning { return false }
        if let before, !Self.isNewer(before, container) { return false }
        if let since, !Self.isNewer(container, since) { return false }
        if !exitCodes.isEmpty, container.state.isRunning || !exitCodes.contains(container.state.exitCode) {
            return false
        }
        return filters.matchesLabels("label", container.config.labels)
            && filters.matchesExactly("status", container.state.status.rawValue)
            && filters.matchesExactly("ancestor", container.config.image) && filters.matchesExactly("health", "none")
            && filters.values("volume").isEmpty && isTask != true && matchesNetwork(container)
            && matchesPorts(container)
    }

    /// A network's name as the container has it, or the beginning of its id.
    private func matchesNetwork(_ container: Container) -> Bool {
        let wanted = filters.values("network")
        return wanted.isEmpty
            || container.attachments.contains { key, settings in
                wanted.contains { $0 == key || !$0.isEmpty && settings.networkID.hasPrefix($0) }
            }
    }

    private func matchesPorts(_ container: Container) -> Bool {
        ports.allSatisfy { key, ranges in
            ranges.isEmpty
                || key == "expose"
                    && ranges.contains { range in container.config.exposedPorts.contains { range.contains($0) } }
        }
    }

    private static func isNewer(_ one: Container, _ other: Container) -> Bool {
        (one.created, one.id) > (other.created, other.id)
    }

    private static func exitCodes(_ filters: FilterSet) throws(APIError) -> [Int] {
        try filters.values("exited").map { value throws(APIError) in
            guard let code = Int(value) else {
                throw .badRequest(
                    "invalid filter 'exited=\(value)': strconv.Atoi: parsing \(value.goQuoted): \(value.goIntegerRefusal)"
                )
            }
            return code
        }
    }

    private static func last(
        _ values: [String], _ parameter: String, in snapshot: Snapshot
    ) throws(APIError) -> Container? {
        var found: Container?
        for value in values + (parameter.isEmpty ? [] : [parameter]) {
            found = try asking { () throws(EngineError) in try snapshot.container(value).container }
        }
        return found
    }

    private static func refusal(_ key: String, _ value: String, _ text: String, _ valid: [String]) -> APIError {
        .badRequest("invalid filter '\(key)=\(value)': \(text) \(valid.joined(separator: ", "))")
    }
}

/// A value of `expose` and `publish`: `port[-end][/proto]`.
struct ExposedRange: Sendable {
    private let ports: PortRange
    private let proto: String

    /// - Throws: 400 in moby's words.
    init(_ text: String, key: String) throws(APIError) {
        if text.contains(":") { throw .badRequest("filter for '\(key)' should not contain ':': \(text)") }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        proto = parts.count == 2 ? parts[1].lowercased() : "tcp"
        do {
            ports = try PortRange.parse(parts[0])
        } catch {
            throw .badRequest("error while looking up for \(key) '\(text)': \(error.message)")
        }
    }

    /// Whether `80/tcp` is inside.
    func contains(_ exposed: String) -> Bool {
        let parts = exposed.split(separator: "/", maxSplits: 1)
        guard parts.count == 2, let port = UInt16(parts[0]) else { return false }
        return ports.contains(port) && proto == parts[1]
    }
}
