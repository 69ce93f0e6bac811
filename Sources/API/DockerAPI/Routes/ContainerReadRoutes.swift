import Engine
import HTTPMessage
import JSON
import NetworkModel

/// `/containers` and `/exec`: what is only read, and what needs a process to be.
enum ContainerReadRoutes {
    static let all: [Route] =
        [
            .atOnce("GET", "/containers/json", list),
            .atOnce("GET", "/containers/{name}/json", inspect),
        ] + processRoutes + execRoutes

    private static func list(_ call: Call) throws(APIError) -> Response {
        let snapshot = call.engine.snapshot
        let entries = try ContainerFilter(try call.query(), in: snapshot).select(snapshot)
        let now = Timestamp.now()
        return call.responses.json(capacity: 64 + 1024 * entries.count) { json in
            json.array {
                for entry in entries {
                    ContainerSummaryRendering.write(
                        entry, call.version, now: now, networks: { snapshot.networks[$0]?.network.name }, to: &$0)
                }
            }
        }
    }

    private static func inspect(_ call: Call) throws(APIError) -> Response {
        let snapshot = call.engine.snapshot
        let entry = try asking { () throws(EngineError) in try snapshot.container(call.name) }
        let shape = ContainerShape(call.version)
        let key = AnswerCache.Key(id: entry.container.id.text, shape: .containerInspect(shape))
        return call.responses.json(
            call.cache.answer(key, generation: entry.generation) {
                ContainerRendering.inspect(entry, shape) { snapshot.networks[$0]?.network.name }
            })
    }

    /// What Docker does with a container's process or files, and Fairlead's containers have neither.
    private static let processRoutes: [Route] = [
        ("GET", "top", "listing processes"), ("GET", "logs", "reading logs"), ("GET", "stats", "resource usage"),
        ("GET", "changes", "listing changed files"), ("GET", "export", "exporting files"),
        ("GET", "archive", "copying files"), ("HEAD", "archive", "copying files"), ("PUT", "archive", "copying files"),
        ("GET", "attach/ws", "attaching to a process"), ("POST", "attach", "attaching to a process"),
        ("POST", "exec", "running commands through the API"), ("POST", "resize", "resizing a terminal"),
        ("POST", "pause", "pausing"), ("POST", "unpause", "pausing"), ("POST", "update", "updating a container"),
    ].map { method, action, name in
        .atOnce(method, "/containers/{name}/\(action)") { call throws(APIError) in
            _ = try asking { () throws(EngineError) in try call.engine.snapshot.container(call.name) }
            throw .notBuilt(name)
        }
    }

    /// Nothing is ever executed, so no id is known.
    private static let execRoutes: [Route] = [
        ("GET", "/exec/{id}/json"), ("POST", "/exec/{id}/start"), ("POST", "/exec/{id}/resize"),
    ].map { method, pattern in
        .atOnce(method, pattern) { call throws(APIError) in throw APIError(404, "No such exec instance: \(call.name)") }
    }
}
