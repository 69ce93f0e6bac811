import Engine
import JSON
import NetworkModel

/// What a container's inspect looks like in an API version.
struct ContainerShape: Hashable, Sendable {
    /// From 1.45: aliases are the user's own.
    let ownAliases: Bool
    /// Before 1.52: the default bridge's addresses stand beside `Networks`, too.
    let legacyNetworkSettings: Bool

    init(_ version: APIVersion) {
        ownAliases = version >= .ownAliases
        legacyNetworkSettings = version < .networkStatus
    }
}

/// `GET /containers/{id}/json`.
enum ContainerRendering {
    static func inspect(
        _ entry: ContainerEntry, _ shape: ContainerShape, networks: (ObjectID) -> String?
    ) -> [UInt8] {
        let container = entry.container
        var writer = JSONWriter(capacity: 4096)
        writer.object {
            $0.field("Id", container.id.text)
            $0.field("Created", container.created.rfc3339())
            $0.field("Path", "")
            $0.field("Args", [String]())
            writeState(container, to: &$0)
            $0.field("Image", "")
            $0.field("ResolvConfPath", "")
            $0.field("HostnamePath", "")
            $0.field("HostsPath", "")
            $0.field("LogPath", "")
            $0.field("Name", "/" + container.name)
            $0.field("RestartCount", container.state.restartCount)
            $0.field("Driver", "")
            $0.field("Platform", "linux")
            $0.field("MountLabel", "")
            $0.field("ProcessLabel", "")
            $0.field("AppArmorProfile", "")
            $0.null("ExecIDs")
            HostConfigRendering.write(container.host, to: &$0)
            if shape.legacyNetworkSettings { $0.field("GraphDriver", ["Data": .null, "Name": ""]) }
            $0.field("Mounts", [String]())
            ConfigRendering.write(container, to: &$0)
            writeNetworkSettings(entry, shape, networks, to: &$0)
        }
        writer.endLine()
        return writer.bytes
    }

    private static func writeState(_ container: Container, to json: inout JSONWriter) {
        let state = container.state
        json.object("State") {
            $0.field("Status", state.status.rawValue)
            $0.field("Running", state.isRunning)
            $0.field("Paused", false)
            $0.field("Restarting", state.status == .restarting)
            $0.field("OOMKilled", false)
            $0.field("Dead", false)
            $0.field("Pid", container.sandbox?.pid ?? 0)
            $0.field("ExitCode", state.exitCode)
            $0.field("Error", state.error)
            $0.field("StartedAt", state.started.rfc3339())
            $0.field("FinishedAt", state.finished.rfc3339())
        }
    }

    private static func writeNetworkSettings(
        _ entry: ContainerEntry, _ shape: ContainerShape, _ networks: (ObjectID) -> String?, to json: inout JSONWriter
    ) {
        let container = entry.container
        let attachments = Attachment.all(of: entry, in: networks)
        let sandbox = container.host.networkMode.isShared ? nil : container.sandbox
        json.object("NetworkSettings") {
            $0.field("SandboxID", sandbox?.id.text ?? "")
            $0.field("SandboxKey", sandbox?.path ?? "")
            $0.map("Ports", exposedPorts(container)) { json, _ in json.null() }
            if shape.legacyNetworkSettings { writeDefaultBridge(attachments, to: &$0) }
            $0.object("Networks") {
                for attachment in attachments.sorted(by: { $0.key < $1.key }) {
                    $0.key(attachment.key)
                    EndpointRendering.write(attachment, of: container, ownAliases: shape.ownAliases, to: &$0)
                }
            }
        }
    }

    /// Exposed ports, none of them published, while the container runs with a network stack of its own.
    static func exposedPorts(_ container: Container) -> [String: Void] {
        guard container.state.isRunning, container.host.networkMode.isPrivate, container.host.networkMode != .none
        else {
            return [:]
        }
        return Dictionary(container.config.exposedPorts.map { ($0, ()) }) { $1 }
    }

    private static func writeDefaultBridge(_ attachments: [Attachment], to json: inout JSONWriter) {
        guard let bridge = attachments.first(where: { $0.key == "bridge" }) else { return }
        let ipv4 = bridge.address(.ipv4)
        let ipv6 = bridge.address(.ipv6)
        json.field("EndpointID", bridge.endpoint?.id.text ?? "")
        json.field("Gateway", bridge.gateway(.ipv4))
        json.field("GlobalIPv6Address", ipv6.text)
        json.field("GlobalIPv6PrefixLen", ipv6.length)
        json.field("IPAddress", ipv4.text)
        json.field("IPPrefixLen", ipv4.length)
        json.field("IPv6Gateway", bridge.gateway(.ipv6))
        json.field("MacAddress", bridge.endpoint?.mac?.description ?? "")
    }
}
