import Dataplane
import Kernel
public import NetworkModel
import Persistence
import Reconciler

extension Engine {
    /// `POST /containers/{id}/stop`: exits 0.
    ///
    /// - Throws: not-modified when it doesn't run.
    public func stopContainer(_ term: String) async throws(EngineError) {
        try await withContainer(named: term) { (entry) async throws(EngineError) in
            let id = entry.container.id
            let isWaitingToRestart = restarts.removeValue(forKey: id).map { $0.cancel() } != nil
            guard entry.container.state.isRunning else {
                throw EngineError(.notModified, "container is already stopped")
            }
            if isWaitingToRestart || entry.container.sandbox == nil { return try await settle(entry.container) }
            tell(entry.container, "kill", ["signal": "15"])
            try await end(entry, exitCode: 0, byUser: true)
            tell(entry.container, "stop")
            try await autoRemove(id)
        }
    }

    /// `POST /containers/{id}/kill`: exits 128 + signal.
    ///
    /// - Throws: 409 when it doesn't run.
    public func killContainer(_ term: String, signal: Int) async throws(EngineError) {
        try await withContainer(named: term) { (entry) async throws(EngineError) in
            let id = entry.container.id
            guard entry.container.state.status == .running else {
                throw EngineError(.conflict, "cannot kill container: \(term): container \(id) is not running")
            }
            tell(entry.container, "kill", ["signal": "\(signal)"])
            try await end(entry, exitCode: 128 + signal, byUser: true)
            try await autoRemove(id)
        }
    }

    /// `POST /containers/{id}/restart`: stop, if it runs, and start.
    public func restartContainer(_ term: String) async throws(EngineError) {
        try await withContainer(named: term) { (entry) async throws(EngineError) in
            let id = entry.container.id
            restarts.removeValue(forKey: id)?.cancel()
            if entry.container.sandbox != nil, entry.container.state.isRunning {
                tell(entry.container, "kill", ["signal": "15"])
                try await end(entry, exitCode: 0, byUser: false)
                tell(entry.container, "stop")
            }
            let container = try self.entry(id, term).container
            try await start(container)
            tell(container, "restart")
        }
    }

    func entry(_ id: ObjectID, _ term: String) throws(EngineError) -> ContainerEntry {
        guard let entry = current.containers[id] else {
            throw EngineError(.notFound, "No such container: \(term)")
        }
        return entry
    }

    /// Takes a running container's endpoints and namespace away and notes how it ended. The caller holds its lock.
    ///
    /// An adopted namespace lives on, so its interfaces are waited for; ours takes them with it.
    func end(_ entry: ContainerEntry, exitCode: Int, byUser: Bool) async throws(EngineError) {
        let networks = entry.endpoints.compactMap { current.networks[$0.network]?.network }
        try await usingNetworks(networks.map(\.id)) { () async throws(EngineError) in
            try await takeDown(entry, exitCode: exitCode, byUser: byUser)
        }
        for network in networks { tell(network, "disconnect", container: entry.container.id) }
        waits.exited(entry.container.id, code: exitCode)
    }

    private func takeDown(_ entry: ContainerEntry, exitCode: Int, byUser: Bool) async throws(EngineError) {
        var container = entry.container
        let sandbox = container.sandbox
        container.sandbox = nil
        container.state.status = .exited
        container.state.exitCode = exitCode
        container.state.finished = .now()
        container.state.stoppedByUser = byUser
        let object = "container \(container.name)"
        try await commit(
            entry.endpoints.map { .removeEndpoint($0.id) } + [.putContainer(container)], for: object)
        var changes: [Owner: State?] = [:]
        changes.updateValue(nil, forKey: container.id.container)
        for endpoint in entry.endpoints { changes.updateValue(nil, forKey: endpoint.id.endpoint) }
        do {
            if let sandbox, container.host.networkMode.isPrivate { platform.unwatch(sandbox) }
            try await reconciler.apply(changes, removal: sandbox?.isAdopted == true ? .awaited : .deferred)
        } catch {
            await takeBack(
                [.putContainer(entry.container)] + entry.endpoints.map(Write.putEndpoint), for: object)
            if byUser { watch(entry.container) }
            throw EngineError(kernel: error)
        }
        forgetConnections(of: entry.endpoints)
        release(entry, sandbox)
        put(container)
        publish()
        tell(container, "die", ["exitCode": "\(exitCode)"])
        if let sandbox, container.host.networkMode.isPrivate { endSharers(of: sandbox) }
    }

    /// Containers in the namespace that has just gone have gone with it.
    private func endSharers(of sandbox: Sandbox) {
        for id in sharers[sandbox.id] ?? [] {
            Task { [weak self] in await self?.sandboxVanished(id, sandbox.id) }
        }
    }

    private func release(_ entry: ContainerEntry, _ sandbox: Sandbox?) {
        for endpoint in entry.endpoints {
            if let network = current.networks[endpoint.network]?.network { giveBack(endpoint, of: network) }
            remove(endpoint)
        }
        if let sandbox, sandbox.isAdopted { adopted[sandbox.identity] = nil }
    }

    /// A container that only waited to be restarted is stopped by not restarting it.
    private func settle(_ container: Container) async throws(EngineError) {
        var container = container
        container.state.status = .exited
        container.state.stoppedByUser = true
        try await commit([.putContainer(container)], for: "container \(container.name)")
        put(container)
        publish()
    }

    func autoRemove(_ id: ObjectID) async throws(EngineError) {
        if let container = current.containers[id]?.container, container.host.autoRemove {
            try await discard(container)
        }
    }
}
