import Engine
import JSON
import NetworkModel

/// An element of `GET /containers/json`.
enum ContainerSummaryRendering {
    static func write(
        _ entry: ContainerEntry, _ version: APIVersion, now: Timestamp, networks: (ObjectID) -> String?,
        to json: inout JSONWriter
    ) {
        let container = entry.container
        json.object {
            $0.field("Id", container.id.text)
            $0.field("Names", ["/" + container.name])
            $0.field("Image", container.config.image)
            $0.field("ImageID", "")
            $0.field("Command", "")
            $0.field("Created", container.created.seconds)
            $0.array("Ports", ContainerRendering.exposedPorts(container).keys.sorted(), write(_:port:))
            $0.field("Labels", container.config.labels)
            $0.field("State", container.state.status.rawValue)
            $0.field("Status", StatusText.text(of: container.state, now: now))
            $0.object("HostConfig") { $0.field("NetworkMode", container.host.networkMode.description) }
            $0.object("NetworkSettings") {
                $0.object("Networks") {
                    for attachment in Attachment.all(of: entry, in: networks).sorted(by: { $0.key < $1.key }) {
                        $0.key(attachment.key)
                        EndpointRendering.writeSummary(attachment, of: container, to: &$0)
                    }
                }
            }
            $0.field("Mounts", [String]())
            if version >= .networkStatus {
                $0.object("Health") {
                    $0.field("Status", "none")
                    $0.field("FailingStreak", 0)
                }
            }
        }
    }

    /// An exposed port, `80/tcp`.
    private static func write(_ json: inout JSONWriter, port: String) {
        let parts = port.split(separator: "/", maxSplits: 1)
        json.object {
            $0.field("PrivatePort", parts.first.flatMap { Int($0) } ?? 0)
            $0.field("Type", parts.count == 2 ? String(parts[1]) : "tcp")
        }
    }
}

/// `Up 5 minutes`, `Exited (0) 2 hours ago` (moby `container.State.String`, go-units `HumanDuration`).
enum StatusText {
    static func text(of state: ContainerState, now: Timestamp) -> String {
        switch state.status {
        case .created: "Created"
        case .removing: "Removal In Progress"
        case .running: "Up " + duration(from: state.started, to: now)
        case .restarting: "Restarting (\(state.exitCode)) \(duration(from: state.finished, to: now)) ago"
        case .exited: "Exited (\(state.exitCode)) \(duration(from: state.finished, to: now)) ago"
        }
    }

    static func duration(from start: Timestamp, to end: Timestamp) -> String {
        let elapsed = start.isZero ? 0 : end.nanoseconds - start.nanoseconds
        let seconds = Int(elapsed / 1_000_000_000)
        let minutes = seconds / 60
        let hours = (elapsed + 1_800_000_000_000) / 3_600_000_000_000
        return switch (seconds, minutes, hours) {
        case (..<1, _, _): "Less than a second"
        case (1, _, _): "1 second"
        case (..<60, _, _): "\(seconds) seconds"
        case (_, 1, _): "About a minute"
        case (_, ..<60, _): "\(minutes) minutes"
        case (_, _, ...1): "About an hour"
        case (_, _, ..<48): "\(hours) hours"
        case (_, _, ..<336): "\(hours / 24) days"
        case (_, _, ..<1440): "\(hours / 24 / 7) weeks"
        case (_, _, ..<17520): "\(hours / 24 / 30) months"
        default: "\(hours / 24 / 365) years"
        }
    }
}
