import Addressing
import Dataplane
import OrderedCollections
public import NetworkModel
import Persistence
import Reconciler

extension Engine {
    /// `POST /containers/{id}/start`.
    ///
    /// - Throws: not-modified when it runs already; `failed to set up container networking: …`.
    public func startContainer(_ term: String) async throws(EngineError) {
        try await withContainer(named: term) { (entry) async throws(EngineError) in
            let container = entry.container
            if container.state.isRunning { throw EngineError(.notModified, "container is already running") }
            restarts.removeValue(forKey: container.id)?.cancel()
            var fresh = container
            fresh.state.restartCount = 0
            try await start(fresh)
        }
    }

    /// Starts a container whose lock the caller holds; a failure is noted in its state.
    func start(_ container: Container) async throws(EngineError) {
        do {
            try await bringUp(container)
        } catch {
            await noteFailedStart(container, error)
            throw error
        }
    }

    private func bringUp(_ stopped: Container) async throws(EngineError) {
        var container = stopped
        let networks = try resolveAttachments(&container)
        try await usingNetworks(networks.map(\.id)) { () async throws(EngineError) in
            for network in networks where current.networks[network.id] == nil {
                throw EngineError(.notFound, "network \(network.name) not found").prefixed(Self.setUpFailed)
            }
            let sandbox = try await makeSandbox(for: container)
            container.sandbox = sandbox
            container.state = ContainerState(
                status: .running, started: .now(), finished: stopped.state.finished,
                restartCount: stopped.state.restartCount)
            if sandbox.isAdopted { adopted[sandbox.identity] = container.id }
            do throws(EngineError) {
                let present = sandbox.isAdopted ? await platform.interfaceNames(in: sandbox.path) : []
                let endpoints = try makeEndpoints(of: container, on: networks, foreignInterfaces: present)
                try await commitStart(stopped, container, endpoints, networks)
            } catch {
                if adopted[sandbox.identity] == container.id { adopted[sandbox.identity] = nil }
                throw error
            }
        }
    }

    private static let setUpFailed = "failed to set up container networking: "

    /// Finds the network of each attachment, checks it, and gives the attachment the network's name as key.
    private func resolveAttachments(_ container: inout Container) throws(EngineError) -> [Network] {
        // A network that is not there yet can be written down for it, but never means anything.
        if container.host.networkMode.isShared { return [] }
        var attachments: OrderedDictionary<String, EndpointSettings> = [:]
        var networks: [Network] = []
        for (key, settings) in container.attachments {
            if isDisabledBridge(key) {
                attachments[key] = settings
                continue
            }
            do {
                // Ids of the predefined ones are for us to say; a name may meanwhile mean another network.
                let term = NetworkDraft.predefined.contains(key) ? key : settings.networkID.nonEmpty ?? key
                let network = try current.network(term).network
                var others = container
                others.attachments = attachments
                try checkConnection(of: others, to: network, name: network.name, settings)
                if networks.contains(where: { $0.id == network.id }) { continue }
                var settings = settings
                settings.networkID = network.id.text
                attachments[network.name] = settings
                networks.append(network)
            } catch {
                let cause = error.kind == .notFound ? EngineError(.notFound, "network \(key) not found") : error
                throw cause.prefixed(Self.setUpFailed)
            }
        }
        container.attachments = attachments
        return networks
    }

    private func makeEndpoints(
        of container: Container, on networks: [Network], foreignInterfaces: Set<String>
    ) throws(EngineError) -> [Endpoint] {
        var endpoints: [Endpoint] = []
        do {
            for network in networks {
                let settings = container.attachments[network.name] ?? EndpointSettings()
                endpoints.append(
                    try makeEndpoint(
                        of: container, on: network, settings, beside: endpoints, foreignInterfaces: foreignInterfaces))
            }
            return endpoints
        } catch {
            for (endpoint, network) in zip(endpoints, networks) { giveBack(endpoint, of: network) }
            throw error.prefixed(Self.setUpFailed)
        }
    }

    private func commitStart(
        _ stopped: Container, _ container: Container, _ endpoints: [Endpoint], _ networks: [Network]
    ) async throws(EngineError) {
        guard let sandbox = container.sandbox else { return }
        let object = "container \(container.name)"
        do throws(EngineError) {
            var changes: [Owner: State?] = [container.id.container: desired(for: container, endpoints: endpoints)]
            for (endpoint, network) in zip(endpoints, networks) {
                changes[endpoint.id.endpoint] = try desired(for: endpoint, on: network, in: sandbox)
            }
            try await commit([.putContainer(container)] + endpoints.map(Write.putEndpoint), for: object)
            await awaitForgotten(endpoints)
            do {
                try await reconciler.apply(changes)
            } catch {
                await takeBack(
                    endpoints.map { .removeEndpoint($0.id) } + [.putContainer(stopped)], for: object)
                guard let guilty = endpoints.first(where: { error.concerns($0, in: sandbox) }),
                    let network = current.networks[guilty.network]?.network
                else { throw EngineError(kernel: error) }
                throw Self.refusal(error, of: guilty, on: network)
            }
        } catch {
            for (endpoint, network) in zip(endpoints, networks) { giveBack(endpoint, of: network) }
            throw error.message.hasPrefix(Self.setUpFailed) ? error : error.prefixed(Self.setUpFailed)
        }
        put(container)
        for endpoint in endpoints { put(endpoint) }
        publish()
        for (endpoint, network) in zip(endpoints, networks) {
            tell(network, "connect", container: container.id)
            announce(endpoint, on: network, in: sandbox)
        }
        tell(container, "start")
        watch(container)
        // The owner of a shared namespace may have ended in the meantime.
        if case .container(let term) = container.host.networkMode,
            (try? current.container(term).container.sandbox?.id) != sandbox.id
        {
            Task { [weak self] in await self?.sandboxVanished(container.id, sandbox.id) }
        }
    }

    private func noteFailedStart(_ stopped: Container, _ error: EngineError) async {
        guard var container = current.containers[stopped.id]?.container else { return }
        if container.state.status == .restarting { container.state.status = .exited }
        container.state.error = error.message
        container.state.exitCode = 128
        container.sandbox = nil
        await takeBack([.putContainer(container)], for: "container \(container.name)")
        put(container)
        publish()
        if container.host.autoRemove { try? await discard(container) }
    }
}
