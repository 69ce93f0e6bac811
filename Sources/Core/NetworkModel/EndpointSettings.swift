public import Addressing

/// How a container wants to be on a network: the client's half of Docker's `EndpointSettings`.
public struct EndpointSettings: Sendable, Hashable {
    public struct IPAM: Sendable, Hashable {
        public var ipv4: IPAddress?
        public var ipv6: IPAddress?
        /// Nil when the client sent none.
        public var linkLocal: [IPAddress]?

        public init(ipv4: IPAddress? = nil, ipv6: IPAddress? = nil, linkLocal: [IPAddress]? = nil) {
            self.ipv4 = ipv4
            self.ipv6 = ipv6
            self.linkLocal = linkLocal
        }
    }

    /// Nil when the client sent null; an empty one is shown as `{}`.
    public var ipam: IPAM?
    /// `container:alias` pairs.
    public var links: [String]?
    public var aliases: [String]?
    public var driverOptions: [String: String]?
    /// Default gateway election: the higher wins.
    public var gatewayPriority: Int
    public var mac: MACAddress?
    /// The network's id where the client or a start has said it; the key may be a name.
    public var networkID: String

    public init(
        ipam: IPAM? = nil, links: [String]? = nil, aliases: [String]? = nil, driverOptions: [String: String]? = nil,
        gatewayPriority: Int = 0, mac: MACAddress? = nil, networkID: String = ""
    ) {
        self.ipam = ipam
        self.links = links
        self.aliases = aliases
        self.driverOptions = driverOptions
        self.gatewayPriority = gatewayPriority
        self.mac = mac
        self.networkID = networkID
    }

    /// The static address of a family, if one was asked for.
    public func address(of family: AddressFamily) -> IPAddress? {
        family == .ipv4 ? ipam?.ipv4 : ipam?.ipv6
    }
}
