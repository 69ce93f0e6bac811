import Logging
import NetworkModel
import Persistence

extension Engine {
    /// Finds out which running containers still have their namespace, and what becomes of the others: whose restart
    /// policy says so gets its namespace again with the same addresses, the rest has exited.
    ///
    /// - Returns: those that have exited.
    func restore(_ containers: [Container], endpoints: [Endpoint]) async throws(EngineError) -> [Container] {
        let endpoints = Dictionary(grouping: endpoints, by: \.container)
        var lost: [Container] = []
        for stored in containers.sorted(by: { $0.created < $1.created }) {
            var container = stored
            let own = endpoints[container.id] ?? []
            guard container.state.isRunning || container.startsWithDaemon else { continue }
            if container.state.isRunning, await hasSurvived(&container) {
                if container != stored { try await keep(container) }
                try await adoptEndpoints(own, of: container)
            } else if container.startsWithDaemon {
                try await revive(container, own)
            } else {
                lost.append(try await bury(container, own))
            }
        }
        return lost
    }

    /// Whether the namespace is still the one it was.
    private func hasSurvived(_ container: inout Container) async -> Bool {
        guard let sandbox = container.sandbox else { return false }
        switch container.host.networkMode {
        case .host:
            // Known by the daemon's own process, which is another one now.
            container.sandbox = Sandbox(id: sandbox.id, path: platform.ownPath, identity: "")
            return true
        case .container, .bridge, .none, .network:
            guard let identity = await platform.identity(of: sandbox.path) else { return false }
            guard sandbox.isAdopted else { return true }
            guard identity == sandbox.identity else { return false }
            adopted[identity] = container.id
            return true
        }
    }

    private func adoptEndpoints(_ endpoints: [Endpoint], of container: Container) async throws(EngineError) {
        put(container)
        for endpoint in endpoints.sorted(by: { $0.order < $1.order }) {
            guard let network = current.networks[endpoint.network]?.network else { continue }
            for prefix in endpoint.addresses {
                guard let pool = network.pools.first(where: { $0.subnet.contains(prefix.address) }) else { continue }
                do {
                    _ = try ipam.requestAddress(
                        in: pool.subnet, range: nil, preferred: prefix.address, avoiding: [])
                } catch {
                    throw error.prefixed("container \(container.name): ")
                }
            }
            put(endpoint)
        }
    }

    /// A container whose namespace is gone (a reboot) and whose policy wants it back: the same endpoints in a new
    /// namespace, made by the first plan. One that had none is started afresh once the daemon is up.
    private func revive(_ stored: Container, _ endpoints: [Endpoint]) async throws(EngineError) {
        var container = stored
        do {
            if endpoints.isEmpty, stored.sandbox == nil { throw EngineError(.system, "it was not running") }
            let sandbox = try await makeSandbox(for: container)
            container.sandbox = sandbox
            container.state = ContainerState(
                status: .running, started: .now(), finished: stored.state.finished,
                restartCount: stored.state.restartCount)
            if sandbox.isAdopted { adopted[sandbox.identity] = container.id }
            try await keep(container)
            try await adoptEndpoints(endpoints, of: container)
        } catch  where stored.sandbox == nil {
            startsAfterBoot.append(stored.id)
        } catch {
            logger.error(
                "a container isn't started again", metadata: ["container": "\(stored.name)", "error": "\(error)"])
            _ = try await bury(stored, endpoints)
        }
    }

    private func bury(_ stored: Container, _ endpoints: [Endpoint]) async throws(EngineError) -> Container {
        var container = stored
        container.sandbox = nil
        container.state.status = .exited
        container.state.exitCode = 137
        container.state.finished = .now()
        try await store.commit(
            endpoints.map { .removeEndpoint($0.id) } + [.putContainer(container)], for: "container \(container.name)")
        put(container)
        return container
    }

    private func keep(_ container: Container) async throws(EngineError) {
        try await store.commit([.putContainer(container)], for: "container \(container.name)")
        put(container)
    }

    /// Starts those that a restart policy wants and that had not been running.
    func startWaiting() async {
        let ids = startsAfterBoot
        startsAfterBoot = []
        for id in ids {
            do {
                try await startContainer(id.text)
            } catch {
                logger.error("a container isn't started again", metadata: ["container": "\(id)", "error": "\(error)"])
            }
        }
    }
}
