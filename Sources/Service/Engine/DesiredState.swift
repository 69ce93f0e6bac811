import Dataplane
import Drivers
import Firewall
import NetworkModel
import Reconciler

/// What the kernel shall look like for each object: drivers give links and addresses, the firewall its elements.
extension Engine {
    func desired(for network: Network) throws(EngineError) -> State {
        guard !network.isConfigOnly else { return State() }
        var state = try drivers.named(network.driver).desired(for: network, on: features)
        if let bridge = try bridge(of: network) {
            let options = try drivers.bridge.options(of: network)
            for element in Ruleset.elements(for: network, options: options, bridge: bridge) { state.insert(element) }
            if let adopted = adoptedBridges[network.id] { state = yielding(state, to: adopted) }
        }
        return state
    }

    func desired(for endpoint: Endpoint, on network: Network, in sandbox: Sandbox) throws(EngineError) -> State {
        var state = try drivers.named(network.driver).desired(
            for: endpoint, on: network, in: sandbox.namespace, host: features)
        if let bridge = try bridge(of: network) {
            let options = try drivers.bridge.options(of: network)
            for element in Ruleset.elements(for: endpoint, on: network, options: options, bridge: bridge) {
                state.insert(element)
            }
        }
        return state
    }

    /// A container's namespace with `lo` up and its default routes. Nothing for one that shares a namespace.
    func desired(for container: Container, endpoints: [Endpoint]) -> State {
        var state = State()
        guard let sandbox = container.sandbox, container.host.networkMode.isPrivate else { return state }
        let namespace = sandbox.namespace
        if !sandbox.isAdopted { state.pins.insert(NamespacePin(path: sandbox.path)) }
        state.insert(LinkSpec(id: LinkID("lo", in: namespace), kind: .loopback))
        let candidates = endpoints.compactMap { endpoint -> GatewayElection.Candidate? in
            guard let network = current.networks[endpoint.network]?.network else { return nil }
            return GatewayElection.Candidate(endpoint: endpoint, isInternal: network.isInternal)
        }
        for route in GatewayElection.routes(candidates, in: namespace) { state.insert(route) }
        return state
    }

    var features: HostFeatures { HostFeatures(hasIPv6: platform.hasIPv6) }
}

extension Sandbox {
    /// As the data plane names it.
    var namespace: Namespace { isAdopted ? .adopted(path: path, identity: identity) : .path(path) }
}

extension ObjectID {
    var network: Owner { .network(text) }
    var endpoint: Owner { .endpoint(text) }
    var container: Owner { .container(text) }
}
