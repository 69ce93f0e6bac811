import Addressing
import NetworkModel

@testable import DockerAPI
@testable import Engine

extension FuzzTarget {
    /// Query strings with filters; the first byte chooses whether the rest is a query or the filters' JSON.
    static let filters = FuzzTarget("filters") { input in
        guard let choice = input.first else { return }
        let text = String(decoding: input.dropFirst(), as: UTF8.self)
        guard choice & 1 == 0 else { return filter(text) }
        let query = QueryParameters(text[...])
        if let refusal = query.refusal { require(refusal.status == 400 && !refusal.message.isEmpty, "\(refusal)") }
        for name in ["all", "dangling", "force"] { _ = query.flag(name) }
        _ = answered { () throws(APIError) in try query.number("limit") }
        if let filter = answered({ () throws(APIError) in try ContainerFilter(query, in: snapshot) }) {
            require(filter.select(snapshot).count <= snapshot.containers.count, "more than there are")
        }
        filter(query["filters"])
    }

    /// Moments and durations as clients write them.
    static let times = FuzzTarget("times") { input in
        let text = String(decoding: input, as: UTF8.self)
        _ = answered { () throws(APIError) in try TimeText.parse(text, now: now) }
        do throws(TextError) {
            _ = try UnixTime.parse(text)
        } catch {
            require(!error.message.isEmpty, "refused without a text")
        }
        _ = GoDuration.parse(text)
        _ = answered { () throws(APIError) in try Signal.parse(text) }
    }

    private static func filter(_ text: String) {
        _ = answered { () throws(APIError) in try PruneFilter(text, now: now) }
        guard let filters = answered({ () throws(APIError) in try FilterSet(text) }) else { return }
        if let filter = answered({ () throws(APIError) in try NetworkFilter(filters) }) {
            require(filter.select(networks).count <= networks.count, "more than there are")
        }
        let event = Event(
            type: "network", action: "exec_create: ls", actor: networks[0].network.id.text,
            attributes: ["name": "front", "image": "a:b"], time: now)
        _ = EventFilter(filters).matches(event)
    }

    private static let now = Timestamp(nanoseconds: 1_795_500_000_000_000_000)

    private static let networks: [NetworkEntry] = ["front", "bridge"].map { name in
        NetworkEntry(network: Network(id: .random(), name: name, created: now, driver: "bridge", labels: ["a": "b"]))
    }

    private static let snapshot: Snapshot = {
        var snapshot = Snapshot()
        for entry in networks { snapshot.insert(entry) }
        for (name, status) in [("web", ContainerState.Status.running), ("app", .exited)] {
            var config = ContainerConfig()
            config.exposedPorts = ["80/tcp"]
            config.labels = ["a": "b"]
            let container = Container(
                id: .random(), name: name, created: now, config: config, host: HostConfig(),
                attachments: ["front": EndpointSettings()], state: ContainerState(status: status), sandbox: nil)
            snapshot.insert(ContainerEntry(container: container))
        }
        return snapshot
    }()
}
