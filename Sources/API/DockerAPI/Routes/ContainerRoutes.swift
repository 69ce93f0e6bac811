import Engine
import HTTPMessage
import NetworkModel

/// `/containers`: what changes something (docker-network-api 2.9).
enum ContainerRoutes {
    static let all: [Route] = [
        .later("POST", "/containers/create", create),
        .later("POST", "/containers/prune", prune),
        .later("POST", "/containers/{name}/start") { call, _ throws(APIError) in
            _ = try call.query()
            return try await call.change { engine throws(EngineError) in try await engine.startContainer(call.name) }
        },
        .later("POST", "/containers/{name}/stop") { call, _ throws(APIError) in
            try checkStop(try call.query())
            return try await call.change { engine throws(EngineError) in try await engine.stopContainer(call.name) }
        },
        .later("POST", "/containers/{name}/restart") { call, _ throws(APIError) in
            try checkStop(try call.query())
            return try await call.change { engine throws(EngineError) in try await engine.restartContainer(call.name) }
        },
        .later("POST", "/containers/{name}/kill") { call, _ throws(APIError) in
            let text = try call.query()["signal"]
            let signal = try text.isEmpty ? 9 : Signal.parse(text)
            return try await call.change { engine throws(EngineError) in
                try await engine.killContainer(call.name, signal: signal)
            }
        },
        .later("POST", "/containers/{name}/rename") { call, _ throws(APIError) in
            let name = try call.query()["name"]
            if name.isEmpty || call.name.isEmpty { throw .badRequest("Neither old nor new names may be empty") }
            return try await call.change { engine throws(EngineError) in
                try await engine.renameContainer(call.name, to: name)
            }
        },
        .later("POST", "/containers/{name}/wait", wait),
        .later("DELETE", "/containers/{name}", remove),
    ]

    private static func create(_ call: Call, _ body: BodyStream) async throws(APIError) -> Response {
        let query = try call.query()
        let parsed = try await JSONBody.read(body, of: call, as: ContainerCreateBody.goType, ContainerCreateBody.init)
        var creation = ContainerCreation(parsed, call.version)
        let name = query["name"]
        let request = try creation.request(name: name.isEmpty ? nil : name)
        let (id, warnings) = try await asking { () async throws(EngineError) in
            try await call.engine.createContainer(request)
        }
        let all = creation.warnings + warnings
        return call.responses.json(status: 201) {
            $0.object {
                $0.field("Id", id.text)
                $0.field("Warnings", all)
            }
        }
    }

    private static func remove(_ call: Call, _ body: BodyStream) async throws(APIError) -> Response {
        let query = try call.query()
        if query.flag("link") { throw .notBuilt("removing a link") }
        return try await call.change { engine throws(EngineError) in
            try await engine.removeContainer(call.name, force: query.flag("force"))
        }
    }

    private static func prune(_ call: Call, _ body: BodyStream) async throws(APIError) -> Response {
        let filter = try PruneFilter(try call.query()["filters"], now: .now())
        let ids = try await asking { () async throws(EngineError) in
            try await call.engine.pruneContainers { filter.matches(created: $0.created, labels: $0.config.labels) }
        }
        return call.responses.json {
            $0.object {
                $0.field("ContainersDeleted", ids.isEmpty ? nil : ids.map(\.text))
                $0.field("SpaceReclaimed", 0)
            }
        }
    }

    /// Status and headers go out at once: `docker run` waits before it starts, and starts when it has them.
    private static func wait(_ call: Call, _ body: BodyStream) async throws(APIError) -> Response {
        let text = try call.query()["condition"]
        guard let condition = text.isEmpty ? .notRunning : WaitCondition(rawValue: text) else {
            throw .badRequest("invalid condition: \(text.goQuoted)")
        }
        let exit = try asking { () throws(EngineError) in
            try call.engine.exit(of: call.name, condition: condition)
        }
        let stream = ResponseStream()
        stream.whenGone { exit.cancel() }
        Task {
            if let code = await exit.value() { stream.write(Array("{\"StatusCode\":\(code)}\n".utf8)) }
            stream.finish()
        }
        return call.responses.stream(stream, type: "application/json")
    }

    /// A namespace stops at once, so how long to wait and which signal to send first only have to make sense.
    private static func checkStop(_ query: QueryParameters) throws(APIError) {
        _ = try query.number("t")
        if !query["signal"].isEmpty { _ = try Signal.parse(query["signal"]) }
    }
}

extension Call {
    /// Does something that is answered without a body.
    fileprivate func change(
        _ body: @Sendable (any DockerEngine) async throws(EngineError) -> Void
    ) async throws(APIError) -> Response {
        do {
            try await body(engine)
        } catch {
            throw APIError(error)
        }
        return responses.empty(204)
    }
}
