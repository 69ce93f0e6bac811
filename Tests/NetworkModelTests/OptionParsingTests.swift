import Addressing
import NetworkModel
import Testing

@Suite struct OptionParsingTests {
    private func parse(_ options: [String: String], isInternal: Bool = false) throws(EngineError) -> BridgeOptions {
        try BridgeOptions.parse(options, isInternal: isInternal, defaultBridge: "fairlead0")
    }

    @Test func everyBridgeOptionArrives() throws {
        let options = try parse(
            [
                "com.docker.network.bridge.name": "br-x", "com.docker.network.bridge.enable_icc": "f",
                "com.docker.network.bridge.enable_ip_masquerade": "FALSE",
                "com.docker.network.bridge.gateway_mode_ipv4": "isolated",
                "com.docker.network.bridge.gateway_mode_ipv6": "nat-unprotected",
                "com.docker.network.bridge.inhibit_ipv4": "1",
                "com.docker.network.bridge.host_binding_ipv4": "192.0.2.1",
                "com.docker.network.bridge.trusted_host_interfaces": "eth1:eth2",
                "com.docker.network.driver.mtu": "1400", "com.docker.network.container_iface_prefix": "net",
                "com.docker.network.host_ipv4": "192.0.2.2", "com.docker.network.host_ipv6": "2001:db8::2",
                "foo": "bar",
            ], isInternal: true)
        #expect(options.interface == "br-x")
        #expect(!options.enableICC && !options.enableMasquerade && options.inhibitIPv4 && !options.isDefaultBridge)
        #expect(options.gatewayModes == [.ipv4: .isolated, .ipv6: .natUnprotected])
        #expect(options.hostBinding == IPAddress("192.0.2.1"))
        #expect(options.trustedHostInterfaces == ["eth1", "eth2"])
        #expect(options.mtu == 1400 && options.containerInterfacePrefix == "net")
        #expect(options.hostAddresses == [.ipv4: IPAddress("192.0.2.2"), .ipv6: IPAddress("2001:db8::2")])
    }

    @Test func noneMeansTheDefaults() throws {
        #expect(try parse([:]) == BridgeOptions())
    }

    @Test(arguments: [
        (
            "com.docker.network.bridge.enable_icc", "maybe", EngineError.Class.invalidArgument,
            "failed to parse com.docker.network.bridge.enable_icc value: maybe "
                + "(strconv.ParseBool: parsing \"maybe\": invalid syntax)"
        ),
        (
            "com.docker.network.driver.mtu", "x", .invalidArgument,
            "failed to parse com.docker.network.driver.mtu value: x (strconv.Atoi: parsing \"x\": invalid syntax)"
        ),
        (
            "com.docker.network.driver.mtu", "99999999999999999999", .invalidArgument,
            "failed to parse com.docker.network.driver.mtu value: 99999999999999999999 "
                + "(strconv.Atoi: parsing \"99999999999999999999\": value out of range)"
        ),
        ("com.docker.network.driver.mtu", "-1", .invalidArgument, "invalid MTU number: -1"),
        (
            "com.docker.network.bridge.host_binding_ipv4", "foo", .invalidArgument,
            "failed to parse com.docker.network.bridge.host_binding_ipv4 value: foo (nil ip)"
        ),
        (
            "com.docker.network.bridge.gateway_mode_ipv4", "open", .invalidArgument,
            "failed to parse com.docker.network.bridge.gateway_mode_ipv4 value: open (unknown gateway mode open)"
        ),
        (
            "com.docker.network.bridge.gateway_mode_ipv6", "isolated", .system,
            "gateway mode 'isolated' can only be used for an internal network"
        ),
    ])
    func refusals(option: String, value: String, kind: EngineError.Class, text: String) {
        #expect(throws: EngineError(kind, text)) { try parse([option: value]) }
    }

    @Test func onlyOneInterfaceMayBeTheDefaultBridge() throws {
        let mark = ["com.docker.network.bridge.default_bridge": "true"]
        #expect(throws: EngineError(.forbidden, "bridge device with non default name br9 must be created manually")) {
            try parse(mark.merging(["com.docker.network.bridge.name": "br9"]) { $1 })
        }
        #expect(try parse(mark.merging(["com.docker.network.bridge.name": "fairlead0"]) { $1 }).isDefaultBridge)
    }

    @Test func advertisementsStayInRange() throws {
        let found = try GenericOptions.advertisement([
            GenericOptions.advertiseCount: "0", GenericOptions.advertiseInterval: "100",
        ])
        #expect(found.count == 0 && found.interval == 100)
        for (option, value, text) in [
            (
                GenericOptions.advertiseCount, "x",
                "value for option \(GenericOptions.advertiseCount) \"x\" must be an integer"
            ),
            (GenericOptions.advertiseCount, "4", "\(GenericOptions.advertiseCount) must be in the range 0 to 3"),
            (
                GenericOptions.advertiseInterval, "1s",
                "value for option \(GenericOptions.advertiseInterval) \"1s\" must be integer milliseconds"
            ),
            (
                GenericOptions.advertiseInterval, "99",
                "\(GenericOptions.advertiseInterval) must be in the range 100 to 2000"
            ),
        ] {
            #expect(throws: EngineError(.system, text)) { try GenericOptions.advertisement([option: value]) }
        }
    }

    @Test func aFieldWinsOverItsOption() throws {
        var request = NetworkRequest(name: "n", options: [GenericOptions.enableIPv6: "true", "a": "b"])
        var families = try request.families()
        #expect(families.ipv4 && families.ipv6 && families.options == request.options)
        request.enableIPv6 = false
        families = try request.families()
        #expect(!families.ipv6 && families.options == ["a": "b"])
        request.options[GenericOptions.enableIPv4] = "off"
        #expect(
            throws: EngineError(.invalidArgument, "driver-opt \"com.docker.network.enable_ipv4\" is not a valid bool")
        ) {
            try request.families()
        }
    }

    @Test(arguments: [
        ("sometimes", 0, "unknown policy 'sometimes'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'"),
        ("always", 3, "maximum retry count can only be used with 'on-failure'"),
        ("no", -1, "maximum retry count can only be used with 'on-failure' and cannot be negative"),
        ("on-failure", -1, "maximum retry count cannot be negative"),
    ])
    func restartPolicyRefusals(name: String, count: Int, text: String) {
        #expect(throws: EngineError(.invalidArgument, "invalid restart policy: " + text)) {
            try RestartPolicy.parse(name: name, maximumRetryCount: count)
        }
    }

    @Test func restartPolicies() throws {
        #expect(try RestartPolicy.parse(name: "", maximumRetryCount: 7) == RestartPolicy())
        #expect(try RestartPolicy.parse(name: "on-failure", maximumRetryCount: 7).maximumRetryCount == 7)
        var host = HostConfig()
        host.autoRemove = true
        try host.validateEnd()
        host.restartPolicy.name = .always
        #expect(throws: EngineError.self) { try host.validateEnd() }
    }

    @Test func aSharedStackTakesNothingOfItsOwn() throws {
        let shared = NetworkMode("container:web")
        for (claim, part) in [
            (\NetworkModeClaims.hostname, "hostname and"), (\.links, "can't be used with links"), (\.dns, "dns and"),
            (\.extraHosts, "custom host-to-IP mapping"), (\.publishedPorts, "port publishing"),
            (\.exposedPorts, "port exposing"),
        ] as [(WritableKeyPath<NetworkModeClaims, Bool>, String)] {
            var claims = NetworkModeClaims()
            claims[keyPath: claim] = true
            let error = #expect(throws: EngineError.self) { try validate(shared, with: claims) }
            #expect(error?.kind == .invalidArgument && error?.message.contains(part) == true)
            try validate(.network("front"), with: claims)
        }
        try validate(shared, with: NetworkModeClaims())
        for mode in ["container", "container:"] {
            #expect(throws: EngineError.self) { try validate(NetworkMode(mode), with: NetworkModeClaims()) }
        }
    }
}
