import Addressing
public import Dataplane
public import NetworkModel

/// How one family of a bridge network is treated (Docker, "Gateway modes"; docker-network-api 3.2).
private enum Treatment {
    /// The network hasn't that family.
    case absent
    case isInternal
    /// Internal, and without an address of the host.
    case isolated
    case nat(masquerade: Bool)
    case unprotected(masquerade: Bool)
    case routed

    init(_ family: AddressFamily, of network: Network, options: BridgeOptions) {
        guard network.isEnabled(family) else {
            self = .absent
            return
        }
        switch options.gatewayMode(family) {
        case .isolated: self = .isolated
        case _ where network.isInternal: self = .isInternal
        case .nat: self = .nat(masquerade: options.enableMasquerade)
        case .natUnprotected: self = .unprotected(masquerade: options.enableMasquerade)
        case .routed: self = .routed
        }
    }

    /// The sets of `family . bridge` it is in.
    var sets: [String] {
        switch self {
        case .absent, .isInternal: ["protected", "confined"]
        case .isolated: ["protected", "confined", "isolated"]
        case .nat: ["protected", "outbound"] + (isTranslated ? ["translated"] : [])
        case .unprotected: ["open", "outbound"] + (isTranslated ? ["translated"] : [])
        case .routed: ["protected", "routed", "outbound"]
        }
    }

    var isTranslated: Bool {
        switch self {
        case .nat(let masquerade), .unprotected(let masquerade): masquerade
        case .absent, .isInternal, .isolated, .routed: false
        }
    }

    /// Whether container addresses are dropped in raw unless they come from their own bridge (docker-network-api 7.3).
    ///
    /// Not without masquerade: replies then carry the container's own address, and raw comes before connection
    /// tracking. What begins outside is still stopped in forward.
    var isGuarded: Bool {
        if case .nat(masquerade: true) = self { true } else { false }
    }
}

extension Ruleset {
    /// The elements that a bridge network needs before its bridge, the interface `bridge`, comes up; none for other
    /// drivers.
    public static func elements(for network: Network, options: BridgeOptions, bridge: String) -> [SetElement] {
        guard network.driver == "bridge", !network.isConfigOnly else { return [] }
        let comment = elementComment(network.name)
        var elements = [
            SetElement(
                "within", [.interface(bridge), .interface(bridge)],
                value: .verdict(options.enableICC ? .accept : .drop), comment: comment)
        ]
        for family in AddressFamily.allCases {
            let treatment = Treatment(family, of: network, options: options)
            elements += treatment.sets.map { SetElement($0, [.family(family), .interface(bridge)], comment: comment) }
            if treatment.isTranslated, let source = options.hostAddresses[family] {
                elements.append(
                    SetElement(
                        family.sourceMap, [.interface(bridge)], value: .fields([.address(source)]), comment: comment))
            }
        }
        return elements
    }

    /// The elements that an endpoint on a bridge network needs before its link comes up; `bridge` is the bridge's interface.
    public static func elements(
        for endpoint: Endpoint, on network: Network, options: BridgeOptions, bridge: String
    ) -> [SetElement] {
        guard network.driver == "bridge" else { return [] }
        let comment = elementComment(network.name, endpoint.name)
        let interfaces = [bridge] + trusted(options.trustedHostInterfaces, besides: bridge)
        return endpoint.addresses.flatMap { prefix -> [SetElement] in
            let address = prefix.address
            guard Treatment(address.family, of: network, options: options).isGuarded else { return [] }
            return [SetElement(address.family.guardedSet, [.address(address)], comment: comment)]
                + interfaces.map {
                    SetElement(address.family.directSet, [.address(address), .interface($0)], comment: comment)
                }
        }
    }

    /// Each name once, without those that no interface can have.
    private static func trusted(_ names: [String], besides bridge: String) -> [String] {
        var known: Set = [bridge]
        return names.filter { InterfaceName($0) != nil && known.insert($0).inserted }
    }
}
