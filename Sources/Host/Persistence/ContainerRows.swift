import GRDB
import NetworkModel
import OrderedCollections

/// Table `container`.
enum ContainerRows {
    private static let table = Table(
        name: "container",
        columns: [
            "id": .text, "name": .text, "created": .other, "config": .text, "host": .text, "attachments": .text,
            "status": .text, "exit_code": .other, "error": .text, "started": .other, "finished": .other,
            "restart_count": .other, "stopped_by_user": .other, "sandbox": .text,
        ])
    private static let put = table.insert(replacing: "id")

    static func put(_ container: Container, in database: Database) throws {
        let state = container.state
        let attachments = container.attachments.map { AttachmentRecord(network: $0.key, settings: $0.value) }
        try database.run(
            put,
            [
                text(container.id.text), text(container.name), container.created.nanoseconds,
                try json(ContainerConfigRecord(container.config)), try json(HostConfigRecord(container.host)),
                try json(attachments), text(state.status.rawValue), state.exitCode, text(state.error),
                state.started.nanoseconds, state.finished.nanoseconds, state.restartCount, state.stoppedByUser,
                try container.sandbox.map { try json(SandboxRecord($0)) },
            ])
    }

    static func remove(_ id: ObjectID, in database: Database) throws {
        try database.run("DELETE FROM container WHERE id = CAST(? AS TEXT)", [text(id.text)])
    }

    static func load(_ database: Database) throws -> [Container] {
        try table.load(from: database, orderedBy: "created id") { columns in
            var attachments: OrderedDictionary<String, EndpointSettings> = [:]
            for record in try columns.json("attachments", [AttachmentRecord].self) {
                attachments[record.network] = try record.settings
            }
            return Container(
                id: try columns.id("id"), name: try columns.text("name"), created: try columns.timestamp("created"),
                config: try columns.json("config", ContainerConfigRecord.self).value,
                host: try columns.json("host", HostConfigRecord.self).value, attachments: attachments,
                state: try state(columns),
                sandbox: columns.isNull("sandbox") ? nil : try columns.json("sandbox", SandboxRecord.self).value)
        }
    }

    private static func state(_ columns: Columns) throws -> ContainerState {
        guard let status = ContainerState.Status(rawValue: try columns.text("status")) else {
            throw ColumnError(column: "status")
        }
        return ContainerState(
            status: status, exitCode: try columns.integer("exit_code"), error: try columns.text("error"),
            started: try columns.timestamp("started"), finished: try columns.timestamp("finished"),
            restartCount: try columns.integer("restart_count"), stoppedByUser: try columns.flag("stopped_by_user"))
    }
}
