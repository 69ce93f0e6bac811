import NetworkModel

extension Engine {
    /// A network event; `container` for connect and disconnect (docker-network-api 8).
    func tell(_ network: Network, _ action: String, container: ObjectID? = nil) {
        var attributes = ["name": network.name, "type": network.driver]
        if let container { attributes["container"] = container.text }
        events.publish(
            Event(type: "network", action: action, actor: network.id.text, attributes: attributes, time: .now()))
    }

    /// A container event: its labels, image and name go with it.
    func tell(_ container: Container, _ action: String, _ more: [String: String] = [:]) {
        var attributes = container.config.labels
        attributes["image"] = container.config.image
        attributes["name"] = container.name
        attributes.merge(more) { $1 }
        events.publish(
            Event(type: "container", action: action, actor: container.id.text, attributes: attributes, time: .now()))
    }
}
