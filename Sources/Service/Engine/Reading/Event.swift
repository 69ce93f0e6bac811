public import NetworkModel

/// Something that happened, as `/events` tells it.
public struct Event: Sendable, Hashable {
    /// `network`, `container` or `daemon`.
    public let type: String
    public let action: String
    public let actor: String
    public let attributes: [String: String]
    public let time: Timestamp

    public init(type: String, action: String, actor: String, attributes: [String: String], time: Timestamp) {
        self.type = type
        self.action = action
        self.actor = actor
        self.attributes = attributes
        self.time = time
    }
}
