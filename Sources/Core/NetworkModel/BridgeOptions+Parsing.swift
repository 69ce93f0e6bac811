import Addressing

extension BridgeOptions {
    /// The bridge driver's options out of a network's, others ignored (docker-network-api 3.2).
    ///
    /// Only the interface `defaultBridge` may be marked as the default bridge.
    ///
    /// - Throws: 400 `failed to parse <option> value: <value> (<why>)`, 400 `invalid MTU number: <n>`, 500 for the
    ///   isolated gateway mode on a network that is not internal, 403 for a default bridge of another name.
    public static func parse(
        _ options: [String: String], isInternal: Bool, defaultBridge: String
    ) throws(EngineError) -> BridgeOptions {
        var result = BridgeOptions()
        for (key, value) in options.sorted(by: { $0.key < $1.key }) {
            do {
                try result.set(key, value)
            } catch {
                throw EngineError(.invalidArgument, "failed to parse \(key) value: \(value) (\(error.message))")
            }
        }
        if result.mtu < 0 { throw EngineError(.invalidArgument, "invalid MTU number: \(result.mtu)") }
        if !isInternal, result.gatewayModes.values.contains(.isolated) {
            throw EngineError(.system, "gateway mode 'isolated' can only be used for an internal network")
        }
        if result.isDefaultBridge, let interface = result.interface, interface != defaultBridge {
            throw EngineError(
                .forbidden, "bridge device with non default name \(interface) must be created manually")
        }
        return result
    }

    private mutating func set(_ key: String, _ value: String) throws(AddressError) {
        switch key {
        case Key.name: interface = value.isEmpty ? nil : value
        case Key.enableICC: enableICC = try GoScalars.bool(value)
        case Key.enableMasquerade: enableMasquerade = try GoScalars.bool(value)
        case Key.gatewayModeIPv4: gatewayModes[.ipv4] = try Self.gatewayMode(value)
        case Key.gatewayModeIPv6: gatewayModes[.ipv6] = try Self.gatewayMode(value)
        case Key.inhibitIPv4: inhibitIPv4 = try GoScalars.bool(value)
        case Key.hostBinding: hostBinding = try Self.address(value)
        case Key.trustedHostInterfaces: trustedHostInterfaces = value.split(separator: ":").map(String.init)
        case Key.defaultBridge: isDefaultBridge = try GoScalars.bool(value)
        case Key.mtu: mtu = try GoScalars.int(value)
        case Key.interfacePrefix: containerInterfacePrefix = value.isEmpty ? "eth" : value
        case Key.hostIPv4: hostAddresses[.ipv4] = try Self.address(value, of: .ipv4)
        case Key.hostIPv6: hostAddresses[.ipv6] = try Self.address(value, of: .ipv6)
        case GenericOptions.enableIPv4, GenericOptions.enableIPv6: _ = try GoScalars.bool(value)
        default: break
        }
    }

    private static func gatewayMode(_ value: String) throws(AddressError) -> GatewayMode {
        guard let mode = GatewayMode(rawValue: value) else { throw AddressError("unknown gateway mode \(value)") }
        return mode
    }

    private static func address(_ value: String, of family: AddressFamily? = nil) throws(AddressError) -> IPAddress {
        guard let address = IPAddress(value)?.unmapped else { throw AddressError("nil ip") }
        if let family, address.family != family { throw AddressError("not an \(family.title) address") }
        return address
    }

    /// The options' names.
    public enum Key {
        public static let name = "com.docker.network.bridge.name"
        public static let enableICC = "com.docker.network.bridge.enable_icc"
        public static let enableMasquerade = "com.docker.network.bridge.enable_ip_masquerade"
        public static let gatewayModeIPv4 = "com.docker.network.bridge.gateway_mode_ipv4"
        public static let gatewayModeIPv6 = "com.docker.network.bridge.gateway_mode_ipv6"
        public static let inhibitIPv4 = "com.docker.network.bridge.inhibit_ipv4"
        public static let hostBinding = "com.docker.network.bridge.host_binding_ipv4"
        public static let trustedHostInterfaces = "com.docker.network.bridge.trusted_host_interfaces"
        public static let defaultBridge = "com.docker.network.bridge.default_bridge"
        public static let mtu = "com.docker.network.driver.mtu"
        public static let interfacePrefix = "com.docker.network.container_iface_prefix"
        public static let hostIPv4 = "com.docker.network.host_ipv4"
        public static let hostIPv6 = "com.docker.network.host_ipv6"
    }
}
