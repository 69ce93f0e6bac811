/// A `POST /networks/create` body: what the client asked for, defaults not yet filled in.
public struct NetworkRequest: Sendable, Hashable {
    public struct IPAM: Sendable, Hashable {
        public var driver: String
        public var options: [String: String]?
        public var config: [IPAMConfig]

        public init(driver: String = "", options: [String: String]? = nil, config: [IPAMConfig] = []) {
            self.driver = driver
            self.options = options
            self.config = config
        }
    }

    public var name: String
    /// "" means `bridge`.
    public var driver: String
    public var scope: String
    public var isInternal = false
    public var isAttachable = false
    public var isIngress = false
    public var isConfigOnly = false
    /// The name of a config-only network; nil when the client sent none.
    public var configFrom: String?
    public var enableIPv4: Bool?
    public var enableIPv6: Bool?
    public var ipam: IPAM?
    public var options: [String: String]
    public var labels: [String: String]

    public init(
        name: String, driver: String = "", scope: String = "", options: [String: String] = [:],
        labels: [String: String] = [:]
    ) {
        self.name = name
        self.driver = driver
        self.scope = scope
        self.options = options
        self.labels = labels
    }
}
