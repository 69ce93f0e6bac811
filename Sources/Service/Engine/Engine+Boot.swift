public import Dataplane
import Addressing
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
        for network in stored.networks where network.name != "bridge" { try restore(network) }
        try await restorePredefined(stored.networks)
        for container in stored.containers { put(container) }
        let lost = try await restore(stored.containers, endpoints: stored.endpoints)
        try await restoreForwarding()
        let parts = try desiredParts()
        let plan: Plan
        do {
            plan = try await reconciler.start(parts)
        } catch {
            throw EngineError(kernel: error)
        }
        publish()
        for container in lost { tell(container, "die", ["exitCode": "\(container.state.exitCode)"]) }
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

    private func restore(_ network: Network) throws(EngineError) {
        var taken: [Pool] = []
        for pool in network.pools {
            do {
                try ipam.restore(pool)
                taken.append(pool)
            } catch {
                throw error.prefixed("network \(network.name): ")
            }
        }
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

    private func restoreForwarding() async throws(EngineError) {
        for family in AddressFamily.allCases {
            let needsIt = current.networks.values.contains { entry in
                entry.network.driver == "bridge" && entry.network.isEnabled(family) && !entry.network.isInternal
            }
            guard needsIt, configuration.ipForward else { continue }
            let remembered = try settings()[Self.forwardingSetting(family)] == platform.ownIdentity
            if remembered {
                forwardingTurnedOn.insert(family)
            } else if await !platform.isForwarding(family) {
                try await rememberForwarding(family)
            }
        }
    }

    private func settings() throws(EngineError) -> [String: String] { try load().settings }
}
