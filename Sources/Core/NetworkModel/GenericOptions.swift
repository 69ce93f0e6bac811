import Addressing

/// Network options that mean the same with every driver (docker-network-api 2.4).
public enum GenericOptions {
    public static let enableIPv4 = "com.docker.network.enable_ipv4"
    public static let enableIPv6 = "com.docker.network.enable_ipv6"
    public static let advertiseCount = "com.docker.network.advertise_addr_nmsgs"
    public static let advertiseInterval = "com.docker.network.advertise_addr_ms"

    /// How often a new address is announced, 0 to 3, and how many milliseconds lie between, 100 to 2000.
    public struct Advertisement: Sendable, Hashable {
        public var count = 3
        public var interval = 1000
    }

    /// - Throws: 500, for Docker leaves these refusals unclassified.
    public static func advertisement(_ options: [String: String]) throws(EngineError) -> Advertisement {
        var result = Advertisement()
        if let text = options[advertiseCount] {
            guard let count = try? GoScalars.int(text) else {
                throw EngineError(
                    .system, "value for option \(advertiseCount) \(text.goQuoted) must be an integer")
            }
            guard (0...3).contains(count) else {
                throw EngineError(.system, "\(advertiseCount) must be in the range 0 to 3")
            }
            result.count = count
        }
        if let text = options[advertiseInterval] {
            guard let interval = try? GoScalars.int(text) else {
                throw EngineError(
                    .system, "value for option \(advertiseInterval) \(text.goQuoted) must be integer milliseconds")
            }
            guard (100...2000).contains(interval) else {
                throw EngineError(.system, "\(advertiseInterval) must be in the range 100 to 2000")
            }
            result.interval = interval
        }
        return result
    }
}

extension NetworkRequest {
    /// Which families the network has, and its options without those that a field of the request overrides: a field
    /// wins over its option, an option over the default (IPv4 on, IPv6 off).
    ///
    /// - Throws: 400 `driver-opt "<option>" is not a valid bool`.
    public func families() throws(EngineError) -> (ipv4: Bool, ipv6: Bool, options: [String: String]) {
        var options = options
        func decide(_ field: Bool?, _ option: String, default value: Bool) throws(EngineError) -> Bool {
            if let field {
                options[option] = nil
                return field
            }
            guard let text = options[option] else { return value }
            guard let choice = try? GoScalars.bool(text) else {
                throw EngineError(.invalidArgument, "driver-opt \(option.goQuoted) is not a valid bool")
            }
            return choice
        }
        let ipv4 = try decide(enableIPv4, GenericOptions.enableIPv4, default: true)
        let ipv6 = try decide(enableIPv6, GenericOptions.enableIPv6, default: false)
        return (ipv4, ipv6, options)
    }
}
