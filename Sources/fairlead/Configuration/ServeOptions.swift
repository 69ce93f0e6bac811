import ArgumentParser
import JSON

/// The flags of `serve`, named as dockerd's. What isn't given stays nil: defaults come after the configuration file.
struct ServeOptions: ParsableArguments {
    @Option(
        name: [.customShort("H"), .customLong("host")],
        help: ArgumentHelp(
            "Where to listen: unix://PATH, tcp://HOST:PORT or fd://[N]; may be repeated.", valueName: "host"))
    var hosts: [String] = []
    @Option(help: "Where networks and containers are kept.") var dataRoot: String?
    @Option(help: "Where namespaces are pinned.") var execRoot: String?
    @Option(name: [.customShort("p"), .long], help: "The file that holds the daemon's process id.") var pidfile: String?
    @Option(help: "A file like dockerd's daemon.json.") var configFile: String?
    @Option(name: [.customShort("G"), .long], help: "Whose group unix sockets get; \"\" for the daemon's own.")
    var group: String?

    @Option(name: [.customShort("D"), .long], help: "Log at level debug.") var debug: GoBoolean?
    @Option(name: [.customShort("l"), .long], help: "debug, info, warn, error or fatal.") var logLevel: String?
    @Option(help: "text or json.") var logFormat: String?
    @Option(name: .customLong("label"), help: "A label of the daemon, key=value; may be repeated.")
    var labels: [String] = []

    @Option(name: [.customShort("b"), .long], help: "The default network's bridge; none: there is no such network.")
    var bridge: String?
    @Option(help: "The default bridge's IPv4 address with its prefix length.") var bip: String?
    @Option(help: "The default bridge's IPv6 address with its prefix length.") var bip6: String?
    @Option(help: "The part of the default network that IPv4 addresses come from.") var fixedCidr: String?
    @Option(help: "The part of the default network that IPv6 addresses come from.") var fixedCidrV6: String?
    @Option(help: "The default network's IPv4 gateway, where it isn't the bridge.") var defaultGateway: String?
    @Option(help: "The default network's IPv6 gateway, where it isn't the bridge.") var defaultGatewayV6: String?
    @Option(
        name: .customLong("default-address-pool"),
        help: ArgumentHelp("Where subnets come from; may be repeated.", valueName: "base=…,size=…"))
    var defaultAddressPools: [String] = []
    @Option(
        name: .customLong("default-network-opt"),
        help: ArgumentHelp("An option for new networks of a driver; may be repeated.", valueName: "driver=key=value"))
    var defaultNetworkOptions: [String] = []
    @Option(help: "The default network's MTU in bytes.") var mtu: Int?
    @Option(help: "Whether containers on the default network reach each other.") var icc: GoBoolean?
    @Option(help: "The host address of ports that are published without one.") var ip: String?
    @Option(help: "Whether the default network has IPv6.") var ipv6: GoBoolean?
    @Option(help: "Whether the default network is masqueraded.") var ipMasq: GoBoolean?
    @Option(help: "Whether to turn IP forwarding on where it is off.") var ipForward: GoBoolean?
    @Option(help: "Whether foreign traffic passes once the daemon has turned forwarding on.")
    var ipForwardNoDrop: GoBoolean?
    @Option(help: "Whether containers outlive the daemon; as fairlead, they always do.") var liveRestore: GoBoolean?

    @Option(help: "The oldest version of Docker's API to serve.") var minApiVersion: String?
    @Option(help: "TLS on TCP sockets; --tlsverify implies it.") var tls: GoBoolean?
    @Option(help: "TLS that requires a client certificate.") var tlsverify: GoBoolean?
    @Option(help: "The CA that client certificates must come from.") var tlscacert: String?
    @Option(help: "The daemon's certificate.") var tlscert: String?
    @Option(help: "The daemon's key.") var tlskey: String?
    @Flag(help: "Check the configuration, say so, and end.") var validate = false
    /// For the tests that end the daemon at every step.
    @Option(help: .hidden) var stepFd: Int32?

    /// The flags that were given, as the file would have them, by key.
    func directives() throws(ConfigurationError) -> [String: JSONValue] {
        var values: [String: JSONValue] = [:]
        let texts: [(String, String?)] = [
            ("data-root", dataRoot), ("exec-root", execRoot), ("pidfile", pidfile), ("group", group),
            ("log-level", logLevel), ("log-format", logFormat), ("bridge", bridge), ("bip", bip), ("bip6", bip6),
            ("fixed-cidr", fixedCidr), ("fixed-cidr-v6", fixedCidrV6), ("default-gateway", defaultGateway),
            ("default-gateway-v6", defaultGatewayV6), ("ip", ip), ("min-api-version", minApiVersion),
            ("tlscacert", tlscacert), ("tlscert", tlscert), ("tlskey", tlskey),
        ]
        for (key, text) in texts { values[key] = text.map(JSONValue.string) }
        let booleans: [(String, GoBoolean?)] = [
            ("debug", debug), ("icc", icc), ("ipv6", ipv6), ("ip-masq", ipMasq), ("ip-forward", ipForward),
            ("ip-forward-no-drop", ipForwardNoDrop), ("live-restore", liveRestore), ("tls", tls),
            ("tlsverify", tlsverify),
        ]
        for (key, boolean) in booleans { values[key] = boolean.map { .bool($0.value) } }
        values["mtu"] = mtu.map { .number(String($0)) }
        for (key, list) in [("hosts", hosts), ("labels", labels)] where !list.isEmpty {
            values[key] = .array(list.map(JSONValue.string))
        }
        if !defaultAddressPools.isEmpty {
            values["default-address-pools"] = try PoolText.array(of: defaultAddressPools)
        }
        if !defaultNetworkOptions.isEmpty {
            values["default-network-opts"] = try DriverOptionText.object(of: defaultNetworkOptions)
        }
        return values
    }
}
