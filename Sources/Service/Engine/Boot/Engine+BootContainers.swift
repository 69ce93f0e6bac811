import Logging
import NetworkModel
import Persistence

extension Engine {
    /// Finds out which running containers still have their namespace, and what becomes of the others: whose restart
    /// policy says so gets its namespace again with the same addresses, the rest has exited.
    ///
    /// - Returns: those that have exited, with the endpoints they had.
    func restore(
        _ containers: [Container], endpoints: [Endpoint]
    ) async throws(EngineError) -> [ContainerEntry] {
        let endpoints = Dictionary(grouping: endpoints, by: \.container)
        var writes: [Write] = []
        var lost: [ContainerEntry] = []
        // What is adopted already, nobody gets whose own is gone.
        for container in containers {
            guard let sandbox = container.sandbox, sandbox.isAdopted else { continue }
            guard await platform.identity(of: sandbox.path) == sandbox.identity else { continue }
            adopted[sandbox.identity] = container.id
        }
        // Whoever shares another's namespace comes after it.
        for stored in containers.sorted(by: { $0.bootRank < $1.bootRank }) {
            let own = (endpoints[stored.id] ?? []).sorted { $0.order < $1.order }
            let outcome = await fate(of: stored, own)
            switch outcome {
            case .stays(let container, let kept):
                if container != stored { writes.append(.putContainer(container)) }
                writes += zip(kept, own).filter { $0 != $1 }.map { .putEndpoint($0.0) }
                put(container)
                if container.sandbox != nil { try adopt(kept, of: container) }
            case .ends(let container):
                writes += own.map { .removeEndpoint($0.id) } + [.putContainer(container)]
                put(container)
                lost.append(ContainerEntry(container: container, endpoints: own))
            case .startsLater(let container):
                writes += own.map { .removeEndpoint($0.id) } + [.putContainer(container)]
                put(container)
                startsAfterBoot.append(container.id)
            }
        }
        if !writes.isEmpty { try await commit(writes, for: "containers") }
        return lost
    }

    /// What becomes of a container when the daemon comes up.
    private enum Fate {
        case stays(Container, [Endpoint])
        case ends(Container)
        /// Has no endpoints to make anew; is started once all else is there.
        case startsLater(Container)
    }

    private func fate(of stored: Container, _ endpoints: [Endpoint]) async -> Fate {
        var container = stored
        if stored.sandbox == nil {
            if !stored.startsWithDaemon {
                guard stored.state.isRunning else { return .stays(stored, endpoints) }
                container.state.status = .exited
                return .ends(container)
            }
            container.state.status = .exited
            return .startsLater(container)
        }
        if await hasSurvived(&container) { return .stays(container, endpoints) }
        if stored.startsWithDaemon {
            if stored.host.networkMode.isShared {
                container.sandbox = nil
                container.state.status = .exited
                return .startsLater(container)
            }
            do {
                try await revive(&container)
                return .stays(container, await besideForeign(endpoints, in: container.sandbox))
            } catch {
                logger.error(
                    "a container isn't started again",
                    metadata: ["container": "\(stored.name)", "error": "\(error)"])
            }
        }
        container.sandbox = nil
        container.state.status = .exited
        container.state.exitCode = 137
        container.state.finished = .now()
        return .ends(container)
    }

    /// Whether the namespace is still the one it was.
    private func hasSurvived(_ container: inout Container) async -> Bool {
        guard let sandbox = container.sandbox else { return false }
        switch container.host.networkMode {
        case .host:
            // Its path names the daemon's process, which is another one now.
            container.sandbox = Sandbox(id: sandbox.id, path: platform.ownPath, identity: sandbox.identity)
            return sandbox.identity == platform.ownIdentity
        case .container:
            // By the sandbox, not the name it was asked for by: the owner may have been renamed.
            let owner = current.containers.values.lazy.map(\.container).first {
                $0.sandbox?.id == sandbox.id && !$0.host.networkMode.isShared
            }
            guard let owner = owner?.sandbox else { return false }
            container.sandbox = Sandbox(id: owner.id, path: owner.path, identity: "", pid: owner.pid)
            return true
        case .bridge, .none, .network:
            guard let identity = await platform.identity(of: sandbox.path) else { return false }
            return !sandbox.isAdopted || identity == sandbox.identity && adopted[identity] == container.id
        }
    }

    /// Gives a container whose namespace is gone (a reboot) a new one; the first plan makes it, and its endpoints as
    /// they were.
    private func revive(_ container: inout Container) async throws(EngineError) {
        let sandbox = try await makeSandbox(for: container)
        container.sandbox = sandbox
        container.state = ContainerState(
            status: .running, started: .now(), finished: container.state.finished,
            restartCount: container.state.restartCount)
        if sandbox.isAdopted { adopted[sandbox.identity] = container.id }
    }

    /// In an adopted namespace a name may be taken: then it is the next free one (Docker's `eth<N>`).
    private func besideForeign(_ endpoints: [Endpoint], in sandbox: Sandbox?) async -> [Endpoint] {
        guard let sandbox, sandbox.isAdopted else { return endpoints }
        let foreign = await platform.interfaceNames(in: sandbox.path)
        var used = foreign.union(endpoints.map(\.interface))
        return endpoints.map { endpoint in
            guard foreign.contains(endpoint.interface) else { return endpoint }
            var renamed = endpoint
            let prefix = String(endpoint.interface.reversed().drop { $0.isNumber }.reversed())
            renamed.interface = (0...used.count).lazy.map { "\(prefix)\($0)" }.first { !used.contains($0) } ?? prefix
            used.insert(renamed.interface)
            return renamed
        }
    }

    /// Takes the addresses of a running container's endpoints again.
    private func adopt(_ endpoints: [Endpoint], of container: Container) throws(EngineError) {
        for endpoint in endpoints {
            guard let network = current.networks[endpoint.network]?.network else { continue }
            for prefix in endpoint.addresses {
                guard let pool = network.pools.first(where: { $0.subnet.contains(prefix.address) }) else { continue }
                do {
                    _ = try ipam.requestAddress(in: pool.subnet, range: nil, preferred: prefix.address, avoiding: [])
                } catch {
                    throw error.prefixed("container \(container.name): ")
                }
            }
            put(endpoint)
        }
    }

    /// Notes that a container could not be started again, and gives back what it had.
    func bury(_ entry: ContainerEntry, _ error: EngineError) async throws(EngineError) -> ContainerEntry {
        var container = entry.container
        if let sandbox = container.sandbox, adopted[sandbox.identity] == container.id {
            adopted[sandbox.identity] = nil
        }
        container.sandbox = nil
        container.state.status = .exited
        container.state.exitCode = 128
        container.state.error = error.message
        container.state.finished = .now()
        try await commit(
            entry.endpoints.map { .removeEndpoint($0.id) } + [.putContainer(container)],
            for: "container \(container.name)")
        for endpoint in entry.endpoints {
            remove(endpoint)
            if let network = current.networks[endpoint.network]?.network { giveBack(endpoint, of: network) }
        }
        put(container)
        return ContainerEntry(container: container, endpoints: entry.endpoints)
    }

    /// The events of a container that ended while the daemon wasn't there, and its removal if it asked for that.
    func tellLost(_ entry: ContainerEntry) {
        tell(entry.container, "die", ["exitCode": "\(entry.container.state.exitCode)"])
        for endpoint in entry.endpoints {
            guard let network = current.networks[endpoint.network]?.network else { continue }
            tell(network, "disconnect", container: entry.container.id)
        }
        guard entry.container.host.autoRemove else { return }
        Task { [weak self] in
            do {
                try await self?.removeContainer(entry.container.id.text, force: false)
            } catch {
                self?.logger.error(
                    "an ended container is not removed",
                    metadata: ["container": "\(entry.container.name)", "error": "\(error)"])
            }
        }
    }

    /// Starts those that a restart policy wants and that had no namespace.
    func startWaiting() async {
        let ids = startsAfterBoot
        startsAfterBoot = []
        for id in ids {
            do {
                try await startContainer(id.text)
            } catch {
                logger.error(
                    "a container isn't started again", metadata: ["container": "\(id.short)", "error": "\(error)"])
            }
        }
    }
}

extension Container {
    /// Owners of namespaces before those who share them, then by age.
    fileprivate var bootRank: (Int, Timestamp, ObjectID) {
        (host.networkMode.isShared ? 1 : 0, created, id)
    }
}
