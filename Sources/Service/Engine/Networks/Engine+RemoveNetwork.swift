public import NetworkModel
import Persistence

extension Engine {
    /// `DELETE /networks/{id}`.
    ///
    /// The answer doesn't wait for the kernel to delete the bridge: it is down and out of the way, and its name,
    /// subnet and addresses are free again.
    public func removeNetwork(_ term: String) async throws(EngineError) {
        let found = try current.network(term).network
        await acquire(found.id, .exclusive)
        defer { release(found.id) }
        guard let entry = current.networks[found.id] else {
            throw EngineError(
                .notFound, "error while removing network: unknown network \(found.name) id \(found.id)")
        }
        try refuseRemoval(entry)
        try await withdraw(entry.network)
    }

    /// Takes a network away: store, kernel, memory, event. The caller holds its lock and has checked that it may go.
    func withdraw(_ network: Network) async throws(EngineError) {
        try await commit(
            [.removeNetwork(network.id), .setSetting(Self.adoptionSetting(network.id), nil)],
            for: "network \(network.name)")
        do {
            try await reconciler.apply([network.id.network: nil])
        } catch {
            await takeBack([.putNetwork(network)] + adoptionWrites(network), for: "network \(network.name)")
            throw EngineError(kernel: error)
        }
        for pool in network.pools { ipam.release(pool) }
        remove(network)
        adoptedBridges[network.id] = nil
        publish()
        if !network.isConfigOnly { tell(network, "destroy") }
    }

    private func refuseRemoval(_ entry: NetworkEntry) throws(EngineError) {
        let network = entry.network
        if NetworkDraft.predefined.contains(network.name) {
            throw EngineError(.forbidden, "\(network.name) is a pre-defined network and cannot be removed")
        }
        let prefix = "error while removing network: "
        if network.isConfigOnly {
            let isCopied =
                current.networks.values.contains { $0.network.configFrom == network.name }
                || drafts.values.contains { $0.configFrom == network.name }
            if isCopied {
                throw EngineError(.forbidden, prefix + "configuration network \"\(network.name)\" is in use")
            }
        }
        if !entry.endpoints.isEmpty {
            let list = entry.endpoints.map { "name:\"\($0.name)\" id:\"\($0.id.short)\"" }.joined(separator: ", ")
            throw EngineError(.forbidden, prefix + "network \(network.name) has active endpoints (\(list))")
        }
    }

    /// `POST /networks/prune`: whatever is custom, unused and wanted away.
    ///
    /// - Returns: the names of the removed ones. What can't be removed is only logged.
    /// - Throws: 409 while another prune runs; what store or kernel refused, if nothing could be removed.
    public func pruneNetworks(
        where isWanted: @Sendable (Network) -> Bool
    ) async throws(EngineError) -> [String] {
        if isPruning { throw EngineError(.conflict, "a prune operation is already running") }
        isPruning = true
        defer { isPruning = false }
        var names: [String] = []
        var refusal: EngineError?
        let candidates = current.networks.values.filter { Self.isDangling($0) && isWanted($0.network) }
        for candidate in candidates.sorted(by: { $0.network.name < $1.network.name }) {
            let network = candidate.network
            await acquire(network.id, .exclusive)
            defer { release(network.id) }
            guard let entry = current.networks[network.id], Self.isDangling(entry) else { continue }
            do {
                try await withdraw(network)
                names.append(network.name)
            } catch {
                refusal = refusal ?? (error.kind == .system ? error : nil)
                logger.warning(
                    "network is left by prune", metadata: ["network": "\(network.name)", "error": "\(error)"])
            }
        }
        if let refusal, names.isEmpty { throw refusal }
        events.publish(
            Event(type: "network", action: "prune", actor: "", attributes: ["reclaimed": "0"], time: .now()))
        return names
    }

    private static func isDangling(_ entry: NetworkEntry) -> Bool {
        !NetworkDraft.predefined.contains(entry.network.name) && !entry.network.isConfigOnly && entry.endpoints.isEmpty
    }
}
