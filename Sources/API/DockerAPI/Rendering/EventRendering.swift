import Engine
import JSON
import NetworkModel

/// How a stream of events is written (docker-network-api 8).
struct EventFormat: Sendable {
    let contentType: String
    /// RFC 7464: each value after a record separator.
    let hasSeparator: Bool
    /// Before 1.52: containers' events say the same in older keys, too.
    let hasLegacyKeys: Bool

    /// What the version has, and of that, what the client's `Accept` names.
    init(_ version: APIVersion, accept: String?) {
        hasLegacyKeys = version < .networkStatus
        contentType = hasLegacyKeys ? "application/json" : Self.negotiate(accept ?? "")
        hasSeparator = contentType == "application/json-seq"
    }

    /// The first that the client names; JSON lines otherwise.
    private static func negotiate(_ accept: String) -> String {
        let known = ["application/jsonl", "application/x-ndjson", "application/json-seq"]
        let wanted = accept.split(separator: ",").map { $0.prefix { $0 != ";" } }
            .map { String($0).trimmed.lowercased() }
        return wanted.first(where: known.contains) ?? known[0]
    }

    func bytes(_ event: Event) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.object {
            if hasLegacyKeys, event.type == "container" {
                $0.field("status", event.action)
                $0.field("id", event.actor)
                $0.field("from", event.attributes["image"] ?? "")
            }
            $0.field("Type", event.type)
            $0.field("Action", event.action)
            $0.object("Actor") {
                $0.field("ID", event.actor)
                $0.field("Attributes", event.attributes)
            }
            $0.field("scope", "local")
            $0.field("time", event.time.seconds)
            $0.field("timeNano", event.time.nanoseconds)
        }
        writer.endLine()
        return hasSeparator ? [0x1E] + writer.bytes : writer.bytes
    }
}
