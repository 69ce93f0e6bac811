import NetworkModel
import Runtime

extension Engine {
    /// The namespace a container will be: its own, an adopted one, another container's or the daemon's.
    ///
    /// - Throws: 404, 409 or 500 in Docker's words for `container:` (docker-network-api 2.9, start-time errors); 400 or
    ///   409 for a namespace that can't be adopted.
    func makeSandbox(for container: Container) async throws(EngineError) -> Sandbox {
        switch container.host.networkMode {
        case .host:
            return Sandbox(id: .random(), path: platform.ownPath, identity: platform.ownIdentity)
        case .container(let term):
            return try sharedSandbox(term, for: container)
        case .bridge, .none, .network:
            if let witness = container.adoption { return try await adoptedSandbox(witness, for: container) }
            return SandboxDirectory(execRoot: configuration.execRoot).sandbox(for: container.id)
        }
    }

    private func sharedSandbox(_ term: String, for container: Container) throws(EngineError) -> Sandbox {
        let owner: Container
        do {
            owner = try current.container(term).container
        } catch {
            throw EngineError(.system, "joining network namespace of container: \(error.message)")
        }
        if owner.id == container.id { throw EngineError(.system, "cannot join own network namespace") }
        if owner.state.status == .restarting {
            throw EngineError(
                .conflict,
                "cannot join network namespace of container: Container \(term) is restarting, wait until the container is running"
            )
        }
        guard owner.state.isRunning, let sandbox = owner.sandbox else {
            throw EngineError(
                .conflict,
                "cannot join network namespace of a non running container: container \(owner.name) is \(owner.state.status.rawValue)"
            )
        }
        return Sandbox(id: sandbox.id, path: sandbox.path, identity: "", pid: sandbox.pid)
    }

    private func adoptedSandbox(_ witness: String, for container: Container) async throws(EngineError) -> Sandbox {
        let namespace = try await platform.adopt(witness)
        if namespace.identity == platform.ownIdentity {
            throw EngineError(.conflict, "cannot adopt \(witness): it is the daemon's own network namespace")
        }
        // Of those that are just being started, too.
        let directory = SandboxDirectory(execRoot: configuration.execRoot)
        let own = current.containers.keys.map { directory.pin(of: $0).path }
        if let path = await platform.path(leadingTo: namespace.path, among: own) {
            let owner = current.containers.values.first { directory.pin(of: $0.container.id).path == path }?
                .container.name
            throw EngineError(
                .conflict, "cannot adopt \(witness): it is the namespace of container \(owner ?? path) already")
        }
        if let holder = adopted[namespace.identity], holder != container.id {
            let name = current.containers[holder]?.container.name ?? holder.short
            throw EngineError(
                .conflict, "cannot adopt \(witness): container \(name) has adopted that namespace already")
        }
        return Sandbox(
            id: .random(), path: namespace.path, identity: namespace.identity, isAdopted: true, pid: namespace.pid)
    }

    /// Learns when the container's namespace goes without us: then it has exited.
    func watch(_ container: Container) {
        guard let sandbox = container.sandbox, container.host.networkMode.isPrivate else { return }
        platform.watch(sandbox) { [weak self] in
            Task { await self?.sandboxVanished(container.id, sandbox.id) }
        }
    }
}
