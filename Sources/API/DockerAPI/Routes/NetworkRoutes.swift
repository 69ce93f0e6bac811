import Engine
import HTTPMessage
import NetworkModel

/// `/networks` (docker-network-api 2).
enum NetworkRoutes {
    static let all: [Route] = [
        .atOnce("GET", "/networks", list),
        .atOnce("GET", "/networks/", list),
        .atOnce("GET", "/networks/{id+}", inspect),
        .later("POST", "/networks/create", create),
        .later("POST", "/networks/{id}/connect", connect),
        .later("POST", "/networks/{id}/disconnect", disconnect),
        .later("POST", "/networks/prune", prune),
        .later("DELETE", "/networks/{id}", remove),
    ]

    private static func list(_ call: Call) throws(APIError) -> Response {
        let filters = try FilterSet(try call.query()["filters"])
        let hasContainers = call.version < .networkSummaries
        let snapshot = call.engine.snapshot
        if filters.isEmpty {
            guard hasContainers else { return call.responses.json(call.networkListing.answer(snapshot)) }
            let key = AnswerCache.Key(id: "", shape: .networkListWithContainers)
            return call.responses.json(
                call.cache.answer(key, generation: snapshot.generation) {
                    array(sorted(snapshot.networks.values.map { $0 }), hasContainers: true, call.cache)
                })
        }
        let chosen = try NetworkFilter(filters).select(snapshot.networks.values.map { $0 })
        return call.responses.json(array(sorted(chosen), hasContainers: hasContainers, call.cache))
    }

    /// In order of age, so that a client that shows them as they come shows the same each time.
    private static func sorted(_ entries: [NetworkEntry]) -> [NetworkEntry] {
        entries.sorted { ($0.network.created, $0.network.id) < ($1.network.created, $1.network.id) }
    }

    private static func array(_ entries: [NetworkEntry], hasContainers: Bool, _ cache: AnswerCache) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        for entry in entries {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            // What inspect shows ends with a line feed.
            bytes +=
                hasContainers
                ? inspected(entry, hasStatus: false, cache).bytes.dropLast() : summarized(entry, cache)
        }
        bytes += [UInt8(ascii: "]"), 0x0A]
        return bytes
    }

    private static func summarized(_ entry: NetworkEntry, _ cache: AnswerCache) -> ArraySlice<UInt8> {
        let key = AnswerCache.Key(id: entry.network.id.text, shape: .networkSummary)
        return cache.answer(key, generation: entry.generation) { NetworkRendering.summary(entry.network) }.bytes[...]
    }

    private static func inspected(_ entry: NetworkEntry, hasStatus: Bool, _ cache: AnswerCache) -> RenderedAnswer {
        let key = AnswerCache.Key(id: entry.network.id.text, shape: .networkInspect(hasStatus: hasStatus))
        return cache.answer(key, generation: entry.generation) {
            NetworkRendering.inspect(entry, hasStatus: hasStatus) + [0x0A]
        }
    }

    private static func inspect(_ call: Call) throws(APIError) -> Response {
        let query = try call.query()
        if let verbose = query.value("verbose"), !verbose.isEmpty, GoBool.parse(verbose) == nil {
            throw .badRequest(
                "invalid value for verbose: \(verbose): strconv.ParseBool: parsing \(verbose.goQuoted): invalid syntax")
        }
        let entry = try asking { () throws(EngineError) in
            try call.engine.snapshot.network(call.name, style: .inspect)
        }
        let scope = query["scope"]
        guard scope.isEmpty || scope == entry.network.scope else {
            throw APIError(404, "network \(call.name) not found")
        }
        return call.responses.json(inspected(entry, hasStatus: call.version >= .networkStatus, call.cache))
    }

    private static func create(_ call: Call, _ body: BodyStream) async throws(APIError) -> Response {
        let request = try await JSONBody.read(body, of: call, as: NetworkCreateBody.goType) {
            NetworkCreateBody.read($0, call.version)
        }
        let (id, warning) = try await asking { () async throws(EngineError) in
            try await call.engine.createNetwork(request)
        }
        return call.responses.json(status: 201) {
            $0.object {
                $0.field("Id", id.text)
                $0.field("Warning", warning)
            }
        }
    }

    private static func connect(_ call: Call, _ body: BodyStream) async throws(APIError) -> Response {
        let request = try await JSONBody.read(body, of: call, as: NetworkConnectBody.goType) {
            NetworkConnectBody($0, call.version)
        }
        try await asking { () async throws(EngineError) in
            try await call.engine.connect(request.container, to: call.name, settings: request.settings)
        }
        return call.responses.empty(200)
    }

    private static func disconnect(_ call: Call, _ body: BodyStream) async throws(APIError) -> Response {
        let request = try await JSONBody.read(
            body, of: call, as: NetworkDisconnectBody.goType, NetworkDisconnectBody.init)
        try await asking { () async throws(EngineError) in
            try await call.engine.disconnect(request.container, from: call.name, force: request.force)
        }
        return call.responses.empty(200)
    }

    private static func remove(_ call: Call, _ body: BodyStream) async throws(APIError) -> Response {
        try await asking { () async throws(EngineError) in try await call.engine.removeNetwork(call.name) }
        return call.responses.empty(204)
    }

    private static func prune(_ call: Call, _ body: BodyStream) async throws(APIError) -> Response {
        let filter = try PruneFilter(try call.query()["filters"], now: .now())
        let names = try await asking { () async throws(EngineError) in
            try await call.engine.pruneNetworks { filter.matches(created: $0.created, labels: $0.labels) }
        }
        return call.responses.json {
            $0.object { $0.field("NetworksDeleted", names.isEmpty ? nil : names) }
        }
    }
}

/// Go's `strconv.ParseBool`.
enum GoBool {
    static func parse(_ text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "TRUE", "true", "True": true
        case "0", "f", "F", "FALSE", "false", "False": false
        default: nil
        }
    }
}
