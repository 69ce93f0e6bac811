import Addressing
public import Dataplane
import IPAM
import Logging
public import NetworkModel
import Persistence
import Reconciler

/// From the store to a kernel that matches it (DESIGN section 4, Start).
extension Engine {
    /// Loads what is kept, finds out what has survived, and makes the difference good. Call it once, before anybody
    /// is served.
    ///
    /// - Returns: what had to be done in the kernel; nothing on a host where all was right.
    /// - Throws: what store or kernel refuse.
    @discardableResult
    public func boot() async throws(EngineError) -> Plan {
        let stored = try load()
        for network in stored.networks where network.name != "bridge" { try restore(network, stored.settings) }
        let orphans = try await restorePredefined(stored)
        let endpoints = stored.endpoints.filter { !orphans.contains($0.id) }
        for container in stored.containers { put(container) }
        var lost = try await restore(stored.containers, endpoints: endpoints)
        try await restoreForwarding(stored.settings)
        await platform.clearPinRests(in: configuration.namespaceDirectory)
        let parts = try desiredParts()
        let outcome: StartOutcome
        do {
            outcome = try await reconciler.start(parts, units: bootUnits())
        } catch {
            throw EngineError(kernel: error)
        }
        for (owners, error) in outcome.refused { lost += try await giveUp(owners, EngineError(kernel: error)) }
        publish()
        for entry in lost { tellLost(entry) }
        for entry in current.containers.values where entry.container.sandbox != nil { watch(entry.container) }
        await startWaiting()
        return outcome.plan
    }

    /// What can only be there as a whole: each network, each container with its endpoints. One that the kernel refuses
    /// keeps none of the others from starting.
    private func bootUnits() -> [[Owner]] {
        let networks = current.networks.values.map { [$0.network.id.network] }
        let containers = current.containers.values.filter { $0.container.sandbox != nil }.map { entry in
            [entry.container.id.container] + entry.endpoints.map(\.id.endpoint)
        }
        return [[.host]] + networks + containers
    }

    /// A container that the kernel refuses has failed to start; a network stays listed, and can be removed
    /// (docker-network-api 11).
    private func giveUp(_ owners: [Owner], _ error: EngineError) async throws(EngineError) -> [ContainerEntry] {
        var lost: [ContainerEntry] = []
        for entry in current.containers.values where owners.contains(entry.container.id.container) {
            lost.append(try await bury(entry, error))
        }
        return lost
    }

    /// What a reconcile would do now, from a fresh look at the kernel.
    public func plan() async throws(EngineError) -> Plan {
        do {
            return try await reconciler.plan()
        } catch {
            throw EngineError(kernel: error)
        }
    }

    private func load() throws(EngineError) -> StoredState {
        do {
            return try store.load()
        } catch {
            throw EngineError(.system, "\(error)")
        }
    }

    func restore(_ network: Network, _ settings: [String: String]) throws(EngineError) {
        for pool in network.pools {
            do {
                try ipam.restore(pool)
            } catch {
                throw error.prefixed("network \(network.name): ")
            }
        }
        restoreAdoption(of: network, settings)
        put(network)
    }

    private func desiredParts() throws(EngineError) -> [Owner: State] {
        var parts: [Owner: State] = [.host: desiredHost()]
        for entry in current.networks.values { parts[entry.network.id.network] = try desired(for: entry.network) }
        for entry in current.containers.values {
            guard let sandbox = entry.container.sandbox else { continue }
            parts[entry.container.id.container] = desired(for: entry.container, endpoints: entry.endpoints)
            for endpoint in entry.endpoints {
                guard let network = current.networks[endpoint.network]?.network else { continue }
                parts[endpoint.id.endpoint] = try desired(for: endpoint, on: network, in: sandbox)
            }
        }
        return parts
    }

    /// Where we turned forwarding on in this boot and namespace, it stays ours, and closed to others, whether or not a
    /// network needs it now.
    private func restoreForwarding(_ settings: [String: String]) async throws(EngineError) {
        for family in AddressFamily.allCases {
            if settings[Self.forwardingSetting(family)] == platform.ownIdentity {
                forwardingTurnedOn.insert(family)
                continue
            }
            let needsIt = current.networks.values.contains { entry in
                entry.network.driver == "bridge" && entry.network.isEnabled(family) && !entry.network.isInternal
            }
            guard needsIt, configuration.ipForward else { continue }
            if await !platform.isForwarding(family) { try await rememberForwarding(family) }
        }
    }
}
