public import Addressing

/// What `docker network create` makes. A value: changed by replacing it.
public struct Network: Sendable, Hashable {
    public let id: ObjectID
    public var name: String
    public var created: Timestamp
    /// `local`, or whatever the client gave.
    public var scope: String
    /// `bridge`, `host` or `null`; a config-only network's is `null`, too.
    public var driver: String
    public var enableIPv4: Bool
    public var enableIPv6: Bool
    public var ipamDriver: String
    /// Nil when the client sent none; `[:]` when it sent an empty map.
    public var ipamOptions: [String: String]?
    /// What the client asked for; a config-only network keeps just this.
    public var ipamConfig: [IPAMConfig]
    /// What was allocated, in the order inspect shows: the static family first, IPv4 before IPv6 otherwise.
    public var pools: [Pool]
    public var isInternal: Bool
    public var isAttachable: Bool
    public var isIngress: Bool
    public var isConfigOnly: Bool
    /// The name of the config-only network it was made from, or "".
    public var configFrom: String
    /// Driver options, daemon-wide defaults merged in.
    public var options: [String: String]
    public var labels: [String: String]

    public init(
        id: ObjectID, name: String, created: Timestamp, scope: String = "local", driver: String,
        enableIPv4: Bool = true, enableIPv6: Bool = false, ipamDriver: String = "default",
        ipamOptions: [String: String]? = nil, ipamConfig: [IPAMConfig] = [], pools: [Pool] = [],
        isInternal: Bool = false, isAttachable: Bool = false, isIngress: Bool = false, isConfigOnly: Bool = false,
        configFrom: String = "", options: [String: String] = [:], labels: [String: String] = [:]
    ) {
        self.id = id
        self.name = name
        self.created = created
        self.scope = scope
        self.driver = driver
        self.enableIPv4 = enableIPv4
        self.enableIPv6 = enableIPv6
        self.ipamDriver = ipamDriver
        self.ipamOptions = ipamOptions
        self.ipamConfig = ipamConfig
        self.pools = pools
        self.isInternal = isInternal
        self.isAttachable = isAttachable
        self.isIngress = isIngress
        self.isConfigOnly = isConfigOnly
        self.configFrom = configFrom
        self.options = options
        self.labels = labels
    }

    public func isEnabled(_ family: AddressFamily) -> Bool {
        family == .ipv4 ? enableIPv4 : enableIPv6
    }

    public func pools(of family: AddressFamily) -> [Pool] {
        pools.filter { $0.subnet.family == family }
    }
}

/// A subnet of a network with what is reserved in it.
public struct Pool: Sendable, Hashable {
    public let subnet: IPPrefix
    /// Where dynamic addresses come from, when not the whole subnet.
    public let range: IPPrefix?
    public var gateway: IPAddress?
    public var auxiliaryAddresses: [String: IPAddress]
    /// Whether the client named the subnet; a dynamic one is chosen from the default pools.
    public let isStatic: Bool

    public init(
        subnet: IPPrefix, range: IPPrefix? = nil, gateway: IPAddress? = nil,
        auxiliaryAddresses: [String: IPAddress] = [:], isStatic: Bool
    ) {
        self.subnet = subnet
        self.range = range
        self.gateway = gateway
        self.auxiliaryAddresses = auxiliaryAddresses
        self.isStatic = isStatic
    }
}

/// One entry of `IPAM.Config` as a client sends it.
public struct IPAMConfig: Sendable, Hashable {
    public var subnet: IPPrefix?
    public var range: IPPrefix?
    public var gateway: IPAddress?
    public var auxiliaryAddresses: [String: IPAddress]

    public init(
        subnet: IPPrefix? = nil, range: IPPrefix? = nil, gateway: IPAddress? = nil,
        auxiliaryAddresses: [String: IPAddress] = [:]
    ) {
        self.subnet = subnet
        self.range = range
        self.gateway = gateway
        self.auxiliaryAddresses = auxiliaryAddresses
    }
}

extension Network {
    /// Whether a subnet has to be chosen for it: a family it has is given none, or just a size.
    public var choosesSubnets: Bool {
        AddressFamily.allCases.contains { family in
            let given = ipamConfig.compactMap(\.subnet).filter { $0.family == family }
            return isEnabled(family) && (given.isEmpty || given.contains(where: \.address.isUnspecified))
        }
    }
}
