import Addressing
import Engine
import IPAM
import JSON
import NetworkModel

/// The Engine's share.
extension DirectiveReader {
    func engine(
        _ program: Program, dataRoot: String, execRoot: String
    ) throws(ConfigurationError) -> EngineConfiguration {
        var engine = EngineConfiguration(dataRoot: dataRoot, execRoot: execRoot)
        engine.defaultBridge = try defaultBridge(program)
        engine.defaultAddressPools = try addressPools()
        engine.defaultNetworkOptions = networkOptions()
        engine.ipForward = bool("ip-forward") ?? true
        engine.ipForwardNoDrop = bool("ip-forward-no-drop") ?? false
        engine.labels = try labels()
        engine.isDebug = bool("debug") ?? false
        return engine
    }

    private func defaultBridge(_ program: Program) throws(ConfigurationError) -> EngineConfiguration.DefaultBridge {
        var bridge = EngineConfiguration.DefaultBridge()
        bridge.interface = program.defaultBridge
        if let name = text("bridge"), !name.isEmpty {
            bridge.isDisabled = name == "none"
            for key in ["bip", "bip6"] where text(key).map({ !$0.isEmpty }) ?? false {
                throw ConfigurationError(
                    "\(self.name(of: "bridge")) and \(self.name(of: key)) exclude each other: a bridge of your own has its "
                        + "own address")
            }
            guard name == "none" || InterfaceName(name) != nil else {
                throw ConfigurationError("\(self.name(of: "bridge")): \(name) is not a name for an interface")
            }
            if !bridge.isDisabled { bridge.interface = name }
        }
        let keys: [(AddressFamily, String, String, String)] = [
            (.ipv4, "bip", "fixed-cidr", "default-gateway"), (.ipv6, "bip6", "fixed-cidr-v6", "default-gateway-v6"),
        ]
        for (family, address, range, gateway) in keys {
            bridge.gateways[family] = try prefix(address, family)
            bridge.ranges[family] = try prefix(range, family)
            bridge.containerGateways[family] = try self.address(gateway, family)
        }
        bridge.enableIPv6 = bool("ipv6") ?? false
        bridge.mtu = try mtu() ?? bridge.mtu
        bridge.enableICC = bool("icc") ?? true
        bridge.enableMasquerade = bool("ip-masq") ?? true
        if let text = text("ip"), !text.isEmpty {
            guard let address = IPAddress(text) else {
                throw ConfigurationError("\(name(of: "ip")): \(text) is not an IP address")
            }
            bridge.hostBinding = address
        }
        return bridge
    }

    /// 0 is the default, as in dockerd.
    private func mtu() throws(ConfigurationError) -> Int? {
        guard let mtu = number("mtu"), mtu != 0 else { return nil }
        guard 68...65535 ~= mtu else { throw ConfigurationError("\(name(of: "mtu")): invalid default MTU: \(mtu)") }
        return mtu
    }

    private func addressPools() throws(ConfigurationError) -> [DefaultPool]? {
        guard case .array(let values)? = value("default-address-pools"), !values.isEmpty else { return nil }
        var pools: [DefaultPool] = []
        for value in values {
            guard case .string(let base)? = value["base"], case .number(let digits)? = value["size"],
                let size = Int(digits)
            else { continue }
            do {
                pools.append(try DefaultPool(base: try IPPrefix.parse(base), size: size))
            } catch {
                throw ConfigurationError("\(name(of: "default-address-pools")): \(error)")
            }
        }
        return pools
    }

    private func networkOptions() -> [String: [String: String]] {
        guard case .object(let drivers)? = value("default-network-opts") else { return [:] }
        var options: [String: [String: String]] = [:]
        for driver in drivers.members {
            guard case .object(let members) = driver.value else { continue }
            for member in members.members {
                guard case .string(let text) = member.value else { continue }
                options[driver.key, default: [:]][member.key] = text
            }
        }
        return options
    }

    /// `key=value`, each key with one value only (dockerd's rules and words).
    private func labels() throws(ConfigurationError) -> [String] {
        var kept: [String] = []
        var values: [Substring: Substring] = [:]
        for label in list("labels") ?? [] {
            let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw ConfigurationError("\(name(of: "labels")): bad attribute format: \(label)")
            }
            if let other = values[parts[0]], other != parts[1] {
                throw ConfigurationError(
                    "\(name(of: "labels")): conflict labels for \(parts[0])=\(parts[1]) and \(parts[0])=\(other)")
            }
            if values.updateValue(parts[1], forKey: parts[0]) == nil { kept.append(label) }
        }
        return kept
    }
}
