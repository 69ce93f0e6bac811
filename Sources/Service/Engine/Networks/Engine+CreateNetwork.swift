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
            drafts[network.id] = nil
        } catch {
            giveBack(network)
            throw error
        }
        return (network.id, "")
    }

    /// Stores the network, makes it, tells of it.
    func introduce(_ network: Network) async throws(EngineError) {
        let state = try desired(for: network)
        try await commit([.putNetwork(network)] + adoptionWrites(network), for: "network \(network.name)")
        do {
            try await reconciler.apply([network.id.network: state])
        } catch {
            await takeBack(
                [.removeNetwork(network.id), .setSetting(Self.adoptionSetting(network.id), nil)],
                for: "network \(network.name)")
            throw EngineError(kernel: error)
        }
        put(network)
        publish()
        tell(network, "create")
    }

    /// Reserves the draft's addresses and checks it against the networks there are, in one go.
    private func allocate(_ draft: Network) async throws(EngineError) -> Network {
        let isDynamic = draft.ipamDriver == "default" && draft.driver == "bridge" && draft.choosesSubnets
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
        drafts[network.id] = network
        claim(network)
        do {
            try await adoptBridge(of: network)
            for family in AddressFamily.allCases where network.isEnabled(family) {
                try await requireForwarding(family, for: network)
            }
        } catch {
            giveBack(network)
            throw error
        }
        return network
    }

    /// The networks, made or being made, that `network` could be in conflict with: on the same bridge or subnet, or the
    /// one network that a driver allows.
    private func rivals(of network: Network) throws(EngineError) -> [Network] {
        var ids: Set<ObjectID> = []
        if let bridge = try bridge(of: network), let id = bridges[bridge] { ids.insert(id) }
        for pool in network.pools {
            for subnet in ipam.overlapping(pool.subnet) { ids.formUnion(subnetOwners[subnet] ?? []) }
        }
        if network.pools.isEmpty { ids.formUnion(["host", "none"].compactMap { current.networkIDs[$0] }) }
        ids.remove(network.id)
        return ids.sorted().compactMap { current.networks[$0]?.network ?? drafts[$0] }
    }

    /// Undoes `allocate`.
    private func giveBack(_ network: Network) {
        for pool in network.pools { ipam.release(pool) }
        unclaim(network)
        drafts[network.id] = nil
        adoptedBridges[network.id] = nil
    }
}
