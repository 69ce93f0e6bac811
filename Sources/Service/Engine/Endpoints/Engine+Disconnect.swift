import Addressing
import Dataplane
public import NetworkModel
import Persistence
import Reconciler

extension Engine {
    /// `POST /networks/{id}/disconnect`. Answers when the interface is gone.
    public func disconnect(
        _ container: String, from network: String, force: Bool
    ) async throws(EngineError) {
        do {
            _ = try current.container(container)
        } catch  where error.kind == .notFound && force {
            // Only an endpoint without a container could be meant, and none outlives its container here.
            _ = try current.network(network)
            throw EngineError(.notFound, "endpoint \(container) not found")
        }
        try await withContainer(named: container) { (entry) async throws(EngineError) in
            if entry.container.sandbox != nil {
                try await disconnectRunning(entry, network, force)
            } else {
                try await disconnectStopped(entry.container, network)
            }
        }
    }

    private func disconnectStopped(_ container: Container, _ term: String) async throws(EngineError) {
        if container.state.status == .removing { throw Self.markedForRemoval(container) }
        let network = try? current.network(term).network
        guard let key = network.flatMap(container.attachmentKey) ?? (container.attachments[term] == nil ? nil : term)
        else {
            throw EngineError(
                .system, "container \(container.id) is not connected to the network \(network?.name ?? term)")
        }
        try await forgetAttachment(key, of: container)
    }

    private func forgetAttachment(_ key: String, of container: Container) async throws(EngineError) {
        var container = container
        container.attachments[key] = nil
        try await commit([.putContainer(container)], for: "container \(container.name)")
        put(container)
        publish()
    }

    private func disconnectRunning(
        _ entry: ContainerEntry, _ term: String, _ force: Bool
    ) async throws(EngineError) {
        let network: Network
        do {
            network = try current.network(term).network
        } catch {
            guard force, error.kind == .notFound else { throw error }
            guard entry.container.attachments[term] != nil else {
                throw EngineError(.system, "container \(entry.container.id) is not connected to the network \(term)")
            }
            return try await forgetAttachment(term, of: entry.container)
        }
        if network.name == "host", entry.container.host.networkMode == .host {
            throw EngineError(
                .invalidArgument,
                "cannot disconnect container from host network - container was created in host network mode")
        }
        guard let endpoint = entry.endpoints.first(where: { $0.network == network.id }) else {
            throw EngineError(
                .system, "container \(entry.container.id) is not connected to network \(network.name)")
        }
        try await usingNetworks([network.id]) { () async throws(EngineError) in
            try await leave(entry, endpoint, network)
        }
    }

    private func leave(
        _ entry: ContainerEntry, _ endpoint: Endpoint, _ network: Network
    ) async throws(EngineError) {
        let rest = entry.endpoints.filter { $0.id != endpoint.id }
        var container = entry.container
        if let key = container.attachmentKey(of: network) { container.attachments[key] = nil }
        try await commit(
            [.removeEndpoint(endpoint.id), .putContainer(container)], for: "endpoint \(container.name)")
        do {
            try await reconciler.apply(
                [endpoint.id.endpoint: nil, container.id.container: desired(for: container, endpoints: rest)],
                removal: .awaited)
        } catch {
            await takeBack(
                [.putContainer(entry.container), .putEndpoint(endpoint)], for: "endpoint \(container.name)")
            throw EngineError(
                .system, "endpoint delete failed for container \(container.id) on network \(network.name): \(error)")
        }
        forgetConnections(of: [endpoint])
        giveBack(endpoint, of: network)
        put(container)
        remove(endpoint)
        publish()
        tell(network, "disconnect", container: container.id)
    }
}
