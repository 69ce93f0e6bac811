public import Addressing
public import IPAM
import Runtime

/// What the operator decides for the whole daemon; named as in dockerd's `daemon.json`.
public struct EngineConfiguration: Sendable {
    /// The default bridge's own keys.
    public struct DefaultBridge: Sendable {
        /// `fairlead0`, or `docker0` when started as dockerd.
        public var interface = "fairlead0"
        /// `"bridge": "none"`: there is no default bridge network.
        public var isDisabled = false
        /// `bip`, `bip6`: the gateway with its prefix length.
        public var gateways: [AddressFamily: IPPrefix] = [:]
        /// `fixed-cidr`, `fixed-cidr-v6`.
        public var ranges: [AddressFamily: IPPrefix] = [:]
        /// `default-gateway`, `default-gateway-v6`: the containers', where it isn't the bridge.
        public var containerGateways: [AddressFamily: IPAddress] = [:]
        public var enableIPv6 = false
        /// In bytes.
        public var mtu = 1500
        public var enableICC = true
        public var enableMasquerade = true
        /// `ip`: the default host address of published ports.
        public var hostBinding: IPAddress?

        public init() {}

        /// `--bridge NAME`: the operator's own bridge, which has to be there.
        var isUserManaged: Bool { interface != "fairlead0" && interface != "docker0" }
    }

    /// Where the store is.
    public var dataRoot: String
    /// Where namespaces are pinned, below `netns/`.
    public var execRoot: String
    public var defaultBridge = DefaultBridge()
    /// Nil: Docker's, and then ours (DESIGN section 5, IPAM and the host).
    public var defaultAddressPools: [DefaultPool]?
    /// `default-network-opts`: driver options by driver.
    public var defaultNetworkOptions: [String: [String: String]] = [:]
    /// Whether to turn forwarding on where it is off.
    public var ipForward = true
    /// Whether foreign traffic may pass once we turned forwarding on.
    public var ipForwardNoDrop = false
    public var labels: [String] = []
    public var isDebug = false

    public init(dataRoot: String, execRoot: String) {
        self.dataRoot = dataRoot
        self.execRoot = execRoot
    }

    /// The directory of the pins.
    public var namespaceDirectory: String { SandboxDirectory(execRoot: execRoot).path }
}
