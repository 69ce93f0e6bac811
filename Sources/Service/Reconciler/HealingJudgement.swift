import Addressing
import Dataplane
import Kernel

/// Which connections may have begun while the rules were away: what is established passes first, whatever they say by
/// now.
///
/// Cautious: what can't be told from a connection of the gap goes, too. One that the rules allow begins again with its
/// next packet.
struct HealingJudgement: Sendable {
    private struct Network: Sendable {
        let bridge: String
        let family: AddressFamily
        var subnets: [IPPrefix] = []
    }

    private var networks: [Network] = []
    /// Sets of `family . bridge`.
    private var kinds: [String: Set<[SetElement.Field]>] = [:]
    /// Bridges whose containers may not reach each other.
    private var divided: Set<String> = []
    /// The host's addresses on bridges: what it sends itself passes no forward chain, and is not translated.
    private var gateways: Set<IPAddress> = []

    init(_ desired: State) {
        var subnets: [String: Set<IPPrefix>] = [:]
        for address in desired.addresses {
            guard let bridge = Self.bridge(of: address.link, desired) else { continue }
            subnets[bridge, default: []].insert(address.prefix.masked)
            if address.link.namespace == .daemon { gateways.insert(address.prefix.address) }
        }
        for element in desired.elements.values {
            switch element.id.set {
            case "direct4", "direct6":
                guard case .address(let address)? = element.id.key.first,
                    case .interface(let name)? = element.id.key.last, desired.links[LinkID(name)]?.kind == .bridge
                else { continue }
                if subnets[name]?.contains(where: { $0.contains(address) }) != true {
                    subnets[name, default: []].insert(IPPrefix(host: address))
                }
            case "within":
                if case .interface(let name)? = element.id.key.first, element.value == .verdict(.drop) {
                    divided.insert(name)
                }
            default: kinds[element.id.set, default: []].insert(element.id.key)
            }
        }
        for (bridge, prefixes) in subnets {
            for family in AddressFamily.allCases {
                let own = prefixes.filter { $0.family == family }
                guard !own.isEmpty else { continue }
                networks.append(Network(bridge: bridge, family: family, subnets: Array(own)))
            }
        }
    }

    private static func bridge(of link: LinkID, _ desired: State) -> String? {
        guard let spec = desired.links[link] else { return nil }
        switch spec.kind {
        case .bridge, .foreign: return link.namespace == .daemon ? link.name : nil
        case .vethPeer(let outer): return desired.links[outer]?.master
        case .veth, .loopback: return nil
        }
    }

    /// Whether the rules would not let it begin, or it lacks its translation.
    func isUnwanted(_ connection: Connection) -> Bool {
        if gateways.contains(connection.original.source) { return false }
        let source = bridge(of: connection.original.source)
        let target = bridge(of: connection.original.destination)
        let family = connection.original.source.family
        if let source, source == target { return divided.contains(source) }
        if let target { return !`is`("open", target, family) }
        guard let source else {
            // Translated into one of ours: no port is published, so none of our rules did it.
            return bridge(of: connection.reply.source) != nil
        }
        if !`is`("outbound", source, family) { return true }
        let isTranslated = connection.reply.destination != connection.original.source
        return `is`("translated", source, family) && !isTranslated
    }

    private func bridge(of address: IPAddress) -> String? {
        networks.first { $0.family == address.family && $0.subnets.contains { $0.contains(address) } }?.bridge
    }

    private func `is`(_ kind: String, _ bridge: String, _ family: AddressFamily) -> Bool {
        kinds[kind]?.contains([.family(family), .interface(bridge)]) == true
    }
}
