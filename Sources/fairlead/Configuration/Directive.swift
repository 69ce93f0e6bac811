/// Something dockerd can be told, by flag and in `daemon.json`, and that Fairlead acts on.
struct Directive: Hashable {
    /// What a value looks like.
    enum Kind: Hashable {
        case boolean
        case number
        case text
        case list
        /// `base=…,size=…`; in the file, objects with those members.
        case pools
        /// `driver=key=value`; in the file, an object of objects.
        case driverOptions
    }

    /// Its key in the file.
    let key: String
    /// Its flag, without dashes.
    let flag: String
    let short: Character?
    let kind: Kind
    /// Whether SIGHUP applies a change.
    let isReloadable: Bool

    init(_ key: String, _ kind: Kind, flag: String? = nil, short: Character? = nil, isReloadable: Bool = false) {
        self.key = key
        self.flag = flag ?? key
        self.short = short
        self.kind = kind
        self.isReloadable = isReloadable
    }

    /// All of them, with dockerd's names (docker manual, `dockerd` reference).
    static let all: [Directive] = [
        Directive("hosts", .list, flag: "host", short: "H"),
        Directive("data-root", .text),
        Directive("exec-root", .text),
        Directive("pidfile", .text, short: "p"),
        Directive("group", .text, short: "G"),
        Directive("debug", .boolean, short: "D", isReloadable: true),
        Directive("log-level", .text, short: "l", isReloadable: true),
        Directive("log-format", .text, isReloadable: true),
        Directive("labels", .list, flag: "label", isReloadable: true),
        Directive("bridge", .text, short: "b"),
        Directive("bip", .text),
        Directive("bip6", .text),
        Directive("fixed-cidr", .text),
        Directive("fixed-cidr-v6", .text),
        Directive("default-gateway", .text),
        Directive("default-gateway-v6", .text),
        Directive("default-address-pools", .pools, flag: "default-address-pool", isReloadable: true),
        Directive("default-network-opts", .driverOptions, flag: "default-network-opt"),
        Directive("mtu", .number),
        Directive("icc", .boolean),
        Directive("ip", .text),
        Directive("ipv6", .boolean),
        Directive("ip-masq", .boolean),
        Directive("ip-forward", .boolean),
        Directive("ip-forward-no-drop", .boolean),
        Directive("live-restore", .boolean),
        Directive("min-api-version", .text),
        Directive("tls", .boolean),
        Directive("tlsverify", .boolean),
        Directive("tlscacert", .text),
        Directive("tlscert", .text),
        Directive("tlskey", .text),
    ]

    static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })
    static let byFlag = Dictionary(uniqueKeysWithValues: all.map { ($0.flag, $0) })
    static let byShort = Dictionary(uniqueKeysWithValues: all.compactMap { one in one.short.map { ($0, one) } })
}
