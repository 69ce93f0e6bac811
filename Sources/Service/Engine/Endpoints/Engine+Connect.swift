import Glibc
import Addressing
import Dataplane
import Kernel
public import NetworkModel
import Persistence
import Reconciler

extension Engine {
    /// `POST /networks/{id}/connect`.
    ///
    /// A container that doesn't run only has it written down: even a network that isn't there is taken then.
    public func connect(
        _ container: String, to network: String, settings: EndpointSettings?
    ) async throws(EngineError) {
        let settings = settings ?? EndpointSettings()
        try await withContainer(named: container) { (entry) async throws(EngineError) in
            if entry.container.sandbox != nil {
                try await connectRunning(entry, network, settings)
            } else {
                try await connectStopped(entry.container, network, settings)
            }
        }
    }

    private func connectStopped(
        _ container: Container, _ term: String, _ settings: EndpointSettings
    ) async throws(EngineError) {
        if container.state.status == .removing { throw Self.markedForRemoval(container) }
        let network = try optionalNetwork(term)
        let name = network?.name ?? term
        if let network { try checkConnection(of: container, to: network, name: name, settings) }
        guard container.attachments[name] == nil, !container.isAttached(to: network) else { return }
        var container = container
        var settings = settings
        if let network { settings.networkID = network.id.text }
        container.attachments[name] = settings
        try await commit([.putContainer(container)], for: "container \(container.name)")
        put(container)
        publish()
    }

    /// Nil when there is no such network (yet).
    func optionalNetwork(_ term: String) throws(EngineError) -> Network? {
        do {
            return try current.network(term).network
        } catch  where error.kind == .notFound {
            return nil
        }
    }

    private func connectRunning(
        _ entry: ContainerEntry, _ term: String, _ settings: EndpointSettings
    ) async throws(EngineError) {
        if entry.container.host.networkMode.isShared { throw Self.sharedStack }
        let found = try current.network(term).network
        try await usingNetworks([found.id]) { () async throws(EngineError) in
            guard let network = current.networks[found.id]?.network else {
                throw EngineError(.notFound, "network \(term) not found")
            }
            try checkConnection(of: entry.container, to: network, name: network.name, settings)
            if entry.endpoints.contains(where: { $0.network == network.id }) {
                throw EngineError(
                    .forbidden,
                    "endpoint with name \(entry.container.name) already exists in network \(network.name)")
            }
            var settings = settings
            settings.networkID = network.id.text
            try await join(entry, network, settings)
        }
    }

    /// The refusals that don't depend on whether the container runs (docker-network-api 2.5, steps 6 to 9).
    func checkConnection(
        of container: Container, to network: Network, name: String, _ settings: EndpointSettings
    ) throws(EngineError) {
        try validate(settings, on: network, isUserDefined: !NetworkDraft.predefined.contains(name))
        if network.driver == "host", container.host.networkMode != .host {
            throw EngineError(
                .invalidArgument,
                "cannot connect container to host network - container must be created in host network mode")
        }
        if container.host.networkMode.isShared { throw Self.sharedStack }
        for (key, other) in container.attachments {
            let known = try optionalNetwork(other.networkID.nonEmpty ?? key)
            if key == name || other.networkID == network.id.text { continue }
            if known?.driver == "host" || network.driver == "host" { throw Self.sharedStack }
            if known?.isNone == true || network.isNone {
                throw EngineError(
                    .invalidArgument,
                    "container cannot be connected to multiple networks with one of the networks in private (none) mode"
                )
            }
        }
    }

    /// Reserves, stores, makes: one endpoint of a running container.
    private func join(
        _ entry: ContainerEntry, _ network: Network, _ settings: EndpointSettings
    ) async throws(EngineError) {
        guard let sandbox = entry.container.sandbox, await isStill(sandbox.namespace) else {
            throw Self.markedForRemoval(entry.container)
        }
        let present = sandbox.isAdopted ? await platform.interfaceNames(in: sandbox.path) : []
        let endpoint = try makeEndpoint(
            of: entry.container, on: network, settings, beside: entry.endpoints, foreignInterfaces: present)
        var container = entry.container
        container.attachments[network.name] = settings
        do throws(EngineError) {
            let changes = [
                endpoint.id.endpoint: try desired(for: endpoint, on: network, in: sandbox),
                container.id.container: desired(for: container, endpoints: entry.endpoints + [endpoint]),
            ]
            try await commit(
                [.putContainer(container), .putEndpoint(endpoint)], for: "endpoint \(container.name)")
            await awaitForgotten([endpoint])
            do {
                try await reconciler.apply(changes)
            } catch {
                await takeBack(
                    [.removeEndpoint(endpoint.id), .putContainer(entry.container)], for: "endpoint \(container.name)")
                throw Self.refusal(error, of: endpoint, on: network)
            }
        } catch {
            giveBack(endpoint, of: network)
            throw error
        }
        put(container)
        put(endpoint)
        publish()
        tell(network, "connect", container: container.id)
        announce(endpoint, on: network, in: sandbox)
    }

    /// In the background: neighbours who knew another owner of the address learn of the new one.
    func announce(_ endpoint: Endpoint, on network: Network, in sandbox: Sandbox) {
        guard !endpoint.interface.isEmpty, let pace = try? GenericOptions.advertisement(network.options),
            pace.count > 0
        else { return }
        Task { [platform] in
            await platform.announce(
                endpoint, in: sandbox.namespace, count: pace.count, intervalMilliseconds: pace.interval)
        }
    }

    /// A kernel refusal while an endpoint is made, worded as Docker words it, the kernel's own text inside.
    static func refusal(_ error: KernelError, of endpoint: Endpoint, on network: Network) -> EngineError {
        if case .createLink(_, let peer)? = error.step?.action, error.errno == EEXIST, let peer {
            return EngineError(
                .system,
                "error renaming interface \"\(endpoint.hostInterface)\" to \"\(peer.id.name)\": file exists")
        }
        if case .addAddress(let address)? = error.step?.action, let route = error.conflict {
            return EngineError(
                .system,
                "cannot program address \(address.prefix) in sandbox interface because it conflicts with existing route \(route)"
            )
        }
        return EngineError(
            .system, "failed to create endpoint \(endpoint.name) on network \(network.name): \(error.description)")
    }

    static let sharedStack = EngineError(
        .invalidArgument,
        "container sharing network namespace with another container or host cannot be connected to any other network")

    static func markedForRemoval(_ container: Container) -> EngineError {
        EngineError(
            .system,
            "Container \(container.id) is marked for removal and cannot be connected or disconnected to the network")
    }
}

extension Container {
    /// Whether one of its attachments means this network, whatever key it is under.
    func isAttached(to network: Network?) -> Bool {
        guard let network else { return false }
        return attachmentKey(of: network) != nil
    }

    /// The key of its attachment to this network: name, id, or whatever the client wrote with the id noted.
    func attachmentKey(of network: Network) -> String? {
        if attachments[network.name] != nil { return network.name }
        return attachments.first { key, settings in
            settings.networkID == network.id.text || key == network.id.text
        }?.key
    }
}

extension Network {
    /// Whether it is `none`; a configuration has the same driver in name only.
    fileprivate var isNone: Bool { driver == "null" && !isConfigOnly }
}
