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
        let lost = try await restore(stored.containers, endpoints: endpoints)
        try await restoreForwarding(stored.settings)
        await platform.clearPinRests(in: configuration.namespaceDirectory)
        let parts = try desiredParts()
        let plan: Plan
        do {
            plan = try await reconciler.start(parts)
        } catch {
            throw EngineError(kernel: error)
        }
        publish()
        for entry in lost { tellLost(entry) }
        for entry in current.containers.values where entry.container.sandbox != nil { watch(entry.container) }
        await startWaiting()
        return plan
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
