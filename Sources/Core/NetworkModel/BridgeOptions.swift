public import Addressing

/// How one family reaches a bridge network's containers from outside (Docker, "Gateway modes").
public enum GatewayMode: String, Sendable, Hashable {
    case nat
    case natUnprotected = "nat-unprotected"
    case routed
    case isolated
}

/// The bridge driver's options, parsed (Docker, "Bridge network driver", and docker-network-api 3.2).
public struct BridgeOptions: Sendable, Hashable {
    /// The interface's name; nil: `br-` and twelve digits of the network's id.
    public var interface: String?
    public var isDefaultBridge = false
    public var enableICC = true
    public var enableMasquerade = true
    public var gatewayModes: [AddressFamily: GatewayMode] = [:]
    /// The gateway's IPv4 address is not put on the bridge.
    public var inhibitIPv4 = false
    /// The default host address of published ports.
    public var hostBinding: IPAddress?
    /// May reach containers directly.
    public var trustedHostInterfaces: [String] = []
    /// In bytes; 0 is the kernel's default.
    public var mtu = 0
    public var containerInterfacePrefix = "eth"
    /// Source addresses that stand in for the masquerade.
    public var hostAddresses: [AddressFamily: IPAddress] = [:]

    public init() {}

    public func gatewayMode(_ family: AddressFamily) -> GatewayMode { gatewayModes[family] ?? .nat }
}
