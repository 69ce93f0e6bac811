public import Addressing
import Dataplane
import NetworkModel
import Persistence

/// What is known of an interface that a network's bridge is to be named like.
public enum ExistingInterface: Sendable, Hashable {
    case absent
    /// A bridge of somebody else's, with its addresses but the link-local ones.
    case bridge([IPPrefix])
    case other
}

/// A bridge that was there before its network: used, never deleted (docker-network-api 3.2).
struct AdoptedBridge: Sendable, Hashable {
    /// Gateway addresses that it had already, and so keeps.
    var ownAddresses: Set<IPPrefix>
}

extension Engine {
    /// Finds out whether the bridge that the network names is there already.
    ///
    /// - Throws: Docker's refusals: the interface is no bridge, or has another address than the network's gateway.
    func adoptBridge(of network: Network) async throws(EngineError) {
        guard let bridge = try bridge(of: network), try drivers.bridge.options(of: network).interface != nil else {
            return
        }
        switch await platform.interface(named: bridge) {
        case .absent: return
        case .other: throw EngineError(.system, "existing interface \(bridge) is not a bridge")
        case .bridge(let addresses):
            for pool in network.pools {
                let family = pool.subnet.family
                let present = addresses.filter { $0.family == family }
                guard let gateway = pool.gateway, let first = present.first else { continue }
                let wanted = pool.subnet.with(gateway)
                if !present.contains(wanted) {
                    throw EngineError(
                        .system,
                        "bridge \(family == .ipv4 ? "IPv4" : "IPv6") (\(first)) does not match requested configuration \(wanted)"
                    )
                }
            }
            adoptedBridges[network.id] = AdoptedBridge(ownAddresses: Set(addresses))
        }
    }

    /// The part of a network's state that an adopted bridge already is, or keeps: its sysctls are its owner's.
    func yielding(_ state: State, to adopted: AdoptedBridge) -> State {
        var state = state
        for (id, link) in state.links where link.kind == .bridge {
            state.links[id] = LinkSpec(id: id, kind: .foreign)
            state.addresses = state.addresses.filter { !adopted.ownAddresses.contains($0.prefix) }
            state.sysctls = state.sysctls.filter { $0.key.link != id }
        }
        return state
    }

    /// The setting that remembers an adopted bridge, by the network's id.
    static func adoptionSetting(_ id: ObjectID) -> String { "adopted-bridge.\(id)" }

    /// What has to be stored with the network.
    func adoptionWrites(_ network: Network) -> [Write] {
        guard let adopted = adoptedBridges[network.id] else { return [] }
        let addresses = adopted.ownAddresses.map(\.description).sorted().joined(separator: " ")
        return [.setSetting(Self.adoptionSetting(network.id), addresses)]
    }

    func restoreAdoption(of network: Network, _ settings: [String: String]) {
        guard let text = settings[Self.adoptionSetting(network.id)] else { return }
        adoptedBridges[network.id] = AdoptedBridge(
            ownAddresses: Set(text.split(separator: " ").compactMap { IPPrefix(String($0)) }))
    }
}
