public import Addressing

/// One running container's attachment to one network.
public struct Endpoint: Sendable, Hashable {
    public let id: ObjectID
    public let network: ObjectID
    public let container: ObjectID
    /// The container's name; follows a rename.
    public var name: String
    /// Addresses with the subnet's prefix length, at most one a family.
    public var addresses: [IPPrefix]
    /// Extra link-local addresses (`LinkLocalIPs`).
    public var linkLocal: [IPAddress]
    /// The gateway the container would use by this network, at most one a family.
    public var gateways: [IPAddress]
    public var mac: MACAddress?
    /// The name inside the container, `eth0`; "" on networks without an interface.
    public var interface: String
    /// The end in the daemon's namespace, `veth` and seven hexadecimal digits; "" without one.
    public var hostInterface: String
    public var dnsNames: [String]
    public var driverOptions: [String: String]
    public var gatewayPriority: Int
    /// The place among the container's endpoints: 0 was joined first.
    public var order: Int

    public init(
        id: ObjectID, network: ObjectID, container: ObjectID, name: String, addresses: [IPPrefix] = [],
        linkLocal: [IPAddress] = [], gateways: [IPAddress] = [], mac: MACAddress? = nil, interface: String = "",
        hostInterface: String = "", dnsNames: [String] = [], driverOptions: [String: String] = [:],
        gatewayPriority: Int = 0, order: Int = 0
    ) {
        self.id = id
        self.network = network
        self.container = container
        self.name = name
        self.addresses = addresses
        self.linkLocal = linkLocal
        self.gateways = gateways
        self.mac = mac
        self.interface = interface
        self.hostInterface = hostInterface
        self.dnsNames = dnsNames
        self.driverOptions = driverOptions
        self.gatewayPriority = gatewayPriority
        self.order = order
    }

    public func address(of family: AddressFamily) -> IPPrefix? {
        addresses.first { $0.family == family }
    }

    public func gateway(of family: AddressFamily) -> IPAddress? {
        gateways.first { $0.family == family }
    }
}
