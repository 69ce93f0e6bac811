import Addressing
public import Dataplane
public import NetworkModel

/// Which of a container's endpoints its default routes lead through (docker-network-api 3.3).
public enum GatewayElection {
    /// An endpoint with the network it is on.
    public struct Candidate: Sendable {
        public let endpoint: Endpoint
        public let isInternal: Bool

        public init(endpoint: Endpoint, isInternal: Bool) {
            self.endpoint = endpoint
            self.isInternal = isInternal
        }
    }

    /// The default routes, at most one a family.
    ///
    /// Higher `GwPriority` first, internal networks last, both families before one before none; Docker then goes by
    /// the network's name, we by the order in which the networks were given.
    public static func routes(_ candidates: [Candidate], in namespace: Namespace) -> [RouteSpec] {
        let ranked = candidates.sorted { $0.rank < $1.rank }.map(\.endpoint)
        return AddressFamily.allCases.compactMap { family in
            guard let winner = ranked.first(where: { $0.gateway(of: family) != nil }) else { return nil }
            return RouteSpec(
                id: RouteSpec.ID(namespace: namespace, destination: .everything(family)),
                gateway: winner.gateway(of: family),
                device: winner.interface)
        }
    }
}

extension GatewayElection.Candidate {
    fileprivate var rank: (Int, Int, Int, Int) {
        // The complement turns the order round and, unlike a minus, has a value for every number.
        (~endpoint.gatewayPriority, isInternal ? 1 : 0, -endpoint.gateways.count, endpoint.order)
    }
}
