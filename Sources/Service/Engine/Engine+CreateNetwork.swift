import Addressing
import Drivers
import IPAM
public import NetworkModel
import Persistence

extension Engine {
    /// `POST /networks/create`.
    ///
    /// - Returns: the new network's id, and a warning or "".
    /// - Throws: what docker-network-api 2.4 lists; nothing has changed then.
    public func createNetwork(
        _ request: NetworkRequest
    ) async throws(EngineError) -> (id: ObjectID, warning: String) {
        let surroundings = NetworkDraft.Surroundings(
            drivers: drivers, defaultOptions: configuration.defaultNetworkOptions,
            isTaken: { [current, reservedNetworkNames] in
                current.networkIDs[$0] != nil || reservedNetworkNames.contains($0)
            },
            configuration: { [current] name in
                current.networkIDs[name].flatMap { current.networks[$0]?.network }.flatMap {
                    $0.isConfigOnly ? $0 : nil
                }
            })
        let draft = try NetworkDraft.check(request, surroundings)
        reservedNetworkNames.insert(draft.name)
        defer { reservedNetworkNames.remove(draft.name) }
        let network = draft.isConfigOnly ? draft : try await allocate(draft)
        await acquire(network.id, .exclusive)
        defer { release(network.id) }
        do {
            try await introduce(network)
        } catch {
            giveBack(network)
            throw error
        }
        return (network.id, "")
    }

    /// Stores the network, makes it, tells of it.
    func introduce(_ network: Network) async throws(EngineError) {
        let state = try desired(for: network)
        try await store.commit([.putNetwork(network)], for: "network \(network.name)")
        do {
            try await reconciler.apply([network.id.network: state])
        } catch {
            try? await store.commit([.removeNetwork(network.id)], for: "network \(network.name)")
            throw EngineError(kernel: error)
        }
        put(network)
        publish()
        tell(network, "create")
    }

    /// Reserves the draft's addresses and checks it against the networks there are, in one go.
    private func allocate(_ draft: Network) async throws(EngineError) -> Network {
        let isDynamic = draft.ipamDriver == "default" && draft.driver != "host" && draft.driver != "null"
        let host = isDynamic ? try await platform.addressing() : HostAddressing()
        let driver = try drivers.named(draft.driver)
        var network = draft
        network.pools = try ipam.allocate(for: draft, driver: driver, host: host)
        do {
            try driver.validate(network, among: rivals(of: network))
        } catch {
            for pool in network.pools { ipam.release(pool) }
            throw error
        }
        if let bridge = try bridge(of: network) { bridges[bridge] = network.id }
        do {
            for family in AddressFamily.allCases where network.isEnabled(family) {
                try await requireForwarding(family, for: network)
            }
        } catch {
            giveBack(network)
            throw error
        }
        return network
    }

    /// The networks that `network` could be in conflict with: same bridge, same driver, overlapping subnets.
    private func rivals(of network: Network) throws(EngineError) -> [Network] {
        var rivals: [Network] = []
        if let bridge = try bridge(of: network), let id = bridges[bridge] {
            if let rival = current.networks[id]?.network {
                rivals.append(rival)
            } else {
                throw EngineError(
                    .forbidden,
                    "cannot create network \(network.id) (\(bridge)): conflicts with network \(id) (\(bridge)): networks have same bridge name"
                )
            }
        }
        // IPAM has compared subnets, except where an ip-range was given; host and null there is one of.
        if network.pools.contains(where: { $0.range != nil }) || network.pools.isEmpty {
            rivals += current.networks.values.lazy.map(\.network).filter { $0.id != network.id }
        }
        return rivals
    }

    /// Undoes `allocate`.
    private func giveBack(_ network: Network) {
        for pool in network.pools { ipam.release(pool) }
        if let bridge = try? bridge(of: network), bridges[bridge] == network.id { bridges[bridge] = nil }
    }
}
