import JSON

/// `--default-address-pool base=172.30.0.0/16,size=24`.
enum PoolText {
    /// The flags' values as the file has them.
    static func array(of texts: [String]) throws(ConfigurationError) -> JSONValue {
        var pools: [JSONValue] = []
        for text in texts { pools.append(try object(of: text)) }
        return .array(pools)
    }

    private static func object(of text: String) throws(ConfigurationError) -> JSONValue {
        var base: String?
        var size: String?
        for field in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            switch (parts[0].lowercased(), parts.count == 2 ? parts[1] : nil) {
            case ("base", let value?): base = value
            case ("size", let value?): size = value
            default:
                throw ConfigurationError(
                    "--default-address-pool: \(field) in \(text) is neither base=SUBNET nor size=LENGTH")
            }
        }
        guard let base, let size, Int(size) != nil else {
            throw ConfigurationError("--default-address-pool: \(text) must be base=SUBNET,size=LENGTH")
        }
        return .object(["base": .string(base), "size": .number(size)])
    }
}

/// `--default-network-opt bridge=com.docker.network.driver.mtu=1400`.
enum DriverOptionText {
    /// The flags' values as the file has them.
    static func object(of texts: [String]) throws(ConfigurationError) -> JSONValue {
        var drivers: [(name: String, options: [JSONObject.Member])] = []
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw ConfigurationError("--default-network-opt: \(text) must be DRIVER=KEY=VALUE")
            }
            let option = JSONObject.Member(parts[1], .string(parts[2]))
            if let index = drivers.firstIndex(where: { $0.name == parts[0] }) {
                drivers[index].options.append(option)
            } else {
                drivers.append((parts[0], [option]))
            }
        }
        return .object(JSONObject(drivers.map { JSONObject.Member($0.name, .object(JSONObject($0.options))) }))
    }
}
