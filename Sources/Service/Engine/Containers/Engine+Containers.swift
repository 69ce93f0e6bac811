import Addressing
public import NetworkModel
import OrderedCollections
import Persistence

extension Engine {
    /// `POST /containers/create`: only writes it down.
    ///
    /// - Throws: 400 for a name or endpoint settings that won't do, 409 for a name that is taken.
    public func createContainer(
        _ request: ContainerRequest
    ) async throws(EngineError) -> (id: ObjectID, warnings: [String]) {
        let name = try request.name.map(Self.checkedName) ?? freeName()
        try refuseTaken(name)
        let attachments = try checkedAttachments(request)
        var host = request.host
        // A name may be another container's by the time of the start; Docker keeps the id, too.
        if case .container(let term) = host.networkMode, let owner = try? current.container(term).container {
            host.networkMode = .container(owner.id.text)
        }
        let container = Container(
            id: .random(), name: name, created: .now(), config: request.config, host: host, attachments: attachments)
        reservedContainerNames[name] = container.id
        defer { reservedContainerNames[name] = nil }
        try await commit([.putContainer(container)], for: "container \(name)")
        put(container)
        publish()
        tell(container, "create")
        return (container.id, [])
    }

    /// The networks it will be on: those given, or the one its mode names.
    private func checkedAttachments(
        _ request: ContainerRequest
    ) throws(EngineError) -> OrderedDictionary<String, EndpointSettings> {
        var attachments: OrderedDictionary<String, EndpointSettings> = [:]
        // Docker overlooks the networks of a container that has another's stack, or none at all.
        if request.host.networkMode.isShared { return attachments }
        if request.config.networkDisabled { return attachments }
        for (key, settings) in request.attachments where !isDisabledBridge(key) {
            let name = key == "default" ? "bridge" : key
            let network = try? current.network(name).network
            do {
                try validate(settings, on: network, isUserDefined: !NetworkDraft.predefined.contains(name))
            } catch {
                throw error.prefixed("invalid config for network \(key): ")
            }
            attachments[name] = settings
        }
        if attachments.isEmpty {
            switch request.host.networkMode {
            case .container: break
            case .bridge where configuration.defaultBridge.isDisabled: break
            case .bridge, .host, .none, .network:
                attachments[request.host.networkMode.description] = EndpointSettings()
            }
        }
        return attachments
    }

    /// Whether the key means the default bridge network that the operator switched off: then there is only `lo`.
    func isDisabledBridge(_ key: String) -> Bool {
        configuration.defaultBridge.isDisabled && (key == "bridge" || key == "default")
    }

    /// `POST /containers/{id}/rename`: endpoints and their names follow.
    public func renameContainer(_ term: String, to newName: String) async throws(EngineError) {
        try await withContainer(named: term) { (entry) async throws(EngineError) in
            let name = newName.hasPrefix("/") ? String(newName.dropFirst()) : newName
            if name.isEmpty { throw EngineError(.invalidArgument, "Neither old nor new names may be empty") }
            if name == entry.container.name {
                throw EngineError(
                    .invalidArgument, "Renaming a container with the same name as its current name")
            }
            do throws(EngineError) {
                try refuseTaken(try Self.checkedName(name))
            } catch {
                throw error.prefixed("Error when allocating new name: ")
            }
            reservedContainerNames[name] = entry.container.id
            defer { reservedContainerNames[name] = nil }
            try await commitRename(entry, to: name)
        }
    }

    private func commitRename(_ entry: ContainerEntry, to name: String) async throws(EngineError) {
        var container = entry.container
        let oldName = container.name
        container.name = name
        let endpoints = entry.endpoints.map { old in
            var endpoint = old
            endpoint.name = name
            let network = current.networks[old.network]?.network.name ?? ""
            if !NetworkDraft.predefined.contains(network) {
                endpoint.dnsNames = container.dnsNames(aliases: container.attachments[network]?.aliases ?? [])
            }
            return endpoint
        }
        try await commit(
            [.putContainer(container)] + endpoints.map(Write.putEndpoint), for: "container \(oldName)")
        put(container)
        for endpoint in endpoints { put(endpoint) }
        publish()
        // At once: somebody may take the old name while the rules are changed.
        tell(container, "rename", ["oldName": "/" + oldName])
        await relabel(endpoints, in: container)
    }

    /// The names in the comments of our rules. They only inform, so a refusal is logged.
    private func relabel(_ endpoints: [Endpoint], in container: Container) async {
        guard let sandbox = container.sandbox else { return }
        for endpoint in endpoints {
            guard let network = current.networks[endpoint.network]?.network else { continue }
            do {
                try await reconciler.apply(
                    [endpoint.id.endpoint: try desired(for: endpoint, on: network, in: sandbox)])
            } catch {
                logger.warning(
                    "the firewall still shows a container's old name",
                    metadata: ["container": "\(container.name)", "error": "\(error)"])
            }
        }
    }

    /// `DELETE /containers/{id}`.
    ///
    /// - Throws: 409 when it runs and `force` isn't given.
    public func removeContainer(_ term: String, force: Bool) async throws(EngineError) {
        try await withContainer(named: term) { (entry) async throws(EngineError) in
            let id = entry.container.id
            restarts.removeValue(forKey: id)?.cancel()
            if entry.container.state.isRunning {
                guard force else {
                    throw EngineError(
                        .conflict,
                        "cannot remove container \"/\(entry.container.name)\": container is \(entry.container.state.status.rawValue): stop the container before removing or force remove"
                    )
                }
                if entry.container.sandbox != nil {
                    tell(entry.container, "kill", ["signal": "9"])
                    try await end(entry, exitCode: 137, byUser: true)
                }
            }
            try await discard(try self.entry(id, term).container)
        }
    }

    /// Removes a container that doesn't run. The caller holds its lock.
    func discard(_ container: Container) async throws(EngineError) {
        try await commit([.removeContainer(container.id)], for: "container \(container.name)")
        remove(container)
        publish()
        tell(container, "destroy")
        waits.removed(container.id, code: container.state.exitCode)
    }

    /// `POST /containers/prune`: whatever doesn't run and is wanted away.
    public func pruneContainers(
        where isWanted: @Sendable (Container) -> Bool
    ) async throws(EngineError) -> [ObjectID] {
        if isPruning { throw EngineError(.conflict, "a prune operation is already running") }
        isPruning = true
        defer { isPruning = false }
        var ids: [ObjectID] = []
        var refusal: EngineError?
        let candidates = current.containers.values.map(\.container).filter { !$0.state.isRunning && isWanted($0) }
        for id in candidates.map(\.id).sorted() {
            await acquire(id, .exclusive)
            defer { release(id) }
            guard let container = current.containers[id]?.container, !container.state.isRunning else { continue }
            do {
                try await discard(container)
                ids.append(id)
            } catch {
                refusal = refusal ?? (error.kind == .system ? error : nil)
                logger.warning(
                    "container is left by prune", metadata: ["container": "\(container.name)", "error": "\(error)"])
            }
        }
        if let refusal, ids.isEmpty { throw refusal }
        events.publish(
            Event(type: "container", action: "prune", actor: "", attributes: ["reclaimed": "0"], time: .now()))
        return ids
    }
}
