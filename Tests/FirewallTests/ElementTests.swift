import Addressing
import Dataplane
import Firewall
import NetworkModel
import Testing

@Suite struct ElementTests {
    static func network(
        _ name: String = "front", driver: String = "bridge", ipv6: Bool = true, isInternal: Bool = false
    ) -> Network {
        Network(
            id: .random(), name: name, created: Timestamp(nanoseconds: 0), driver: driver, enableIPv6: ipv6,
            isInternal: isInternal)
    }

    static func options(_ modes: GatewayMode..., change: (inout BridgeOptions) -> Void = { _ in }) -> BridgeOptions {
        var options = BridgeOptions()
        if modes.count == 2 { options.gatewayModes = [.ipv4: modes[0], .ipv6: modes[1]] }
        change(&options)
        return options
    }

    @Test func natWithDefaults() {
        expect(
            Self.network(), Self.options(),
            """
            within br . br : accept
            protected ipv4 . br
            outbound ipv4 . br
            translated ipv4 . br
            protected ipv6 . br
            outbound ipv6 . br
            translated ipv6 . br
            """,
            endpoint: """
                guarded4 10.0.0.2
                direct4 10.0.0.2 . br
                guarded6 fd00::2
                direct6 fd00::2 . br
                """)
    }

    @Test func aFamilyThatIsNotThereIsShutBothWays() {
        expect(
            Self.network(ipv6: false), Self.options { $0.enableICC = false },
            """
            within br . br : drop
            protected ipv4 . br
            outbound ipv4 . br
            translated ipv4 . br
            protected ipv6 . br
            confined ipv6 . br
            """,
            endpoint: "guarded4 10.0.0.2\ndirect4 10.0.0.2 . br")
    }

    @Test func withoutMasqueradeRepliesComeBackToTheContainer() {
        expect(
            Self.network(),
            Self.options {
                $0.enableMasquerade = false
                $0.hostAddresses = [.ipv4: address("192.0.2.1")]
            },
            """
            within br . br : accept
            protected ipv4 . br
            outbound ipv4 . br
            protected ipv6 . br
            outbound ipv6 . br
            """,
            endpoint: "")
    }

    @Test func hostAddressesStandInForTheMasquerade() {
        expect(
            Self.network(),
            Self.options(.nat, .natUnprotected) {
                $0.hostAddresses = [.ipv4: address("192.0.2.1"), .ipv6: address("2001:db8::1")]
            },
            """
            within br . br : accept
            protected ipv4 . br
            outbound ipv4 . br
            translated ipv4 . br
            source4 br : 192.0.2.1
            open ipv6 . br
            outbound ipv6 . br
            translated ipv6 . br
            source6 br : 2001:db8::1
            """,
            endpoint: "guarded4 10.0.0.2\ndirect4 10.0.0.2 . br")
    }

    @Test func routedIsNeitherTranslatedNorGuarded() {
        expect(
            Self.network(),
            Self.options(.routed, .nat) { $0.hostAddresses = [.ipv4: address("192.0.2.1")] },
            """
            within br . br : accept
            protected ipv4 . br
            routed ipv4 . br
            outbound ipv4 . br
            protected ipv6 . br
            outbound ipv6 . br
            translated ipv6 . br
            """,
            endpoint: "guarded6 fd00::2\ndirect6 fd00::2 . br")
    }

    @Test func internalOverridesTheGatewayModeExceptIsolated() {
        expect(
            Self.network(isInternal: true), Self.options(.routed, .isolated),
            """
            within br . br : accept
            protected ipv4 . br
            confined ipv4 . br
            protected ipv6 . br
            confined ipv6 . br
            isolated ipv6 . br
            """,
            endpoint: "")
    }

    @Test func trustedInterfacesReachGuardedAddressesDirectly() {
        expect(
            Self.network(),
            Self.options(.nat, .routed) {
                $0.trustedHostInterfaces = ["eth1", "br", "eth1", "a-name-that-no-interface-has", "tun0"]
            },
            nil,
            endpoint: """
                guarded4 10.0.0.2
                direct4 10.0.0.2 . br
                direct4 10.0.0.2 . eth1
                direct4 10.0.0.2 . tun0
                """)
    }

    @Test(arguments: ["host", "null", "macvlan"]) func otherDriversNeedNone(driver: String) {
        expect(Self.network(driver: driver), Self.options(), "", endpoint: "")
    }

    @Test func commentsSayWhoseAnElementIs() {
        let network = Self.network("front")
        for element in Ruleset.elements(for: network, options: Self.options(), bridge: "br") {
            #expect(element.comment == "front")
        }
        for element in Ruleset.elements(for: endpoint(network), on: network, options: Self.options(), bridge: "br") {
            #expect(element.comment == "front: web")
        }
    }

    @Test(arguments: [
        (String(repeating: "n", count: 200), String(repeating: "n", count: 128)),
        // 43 characters of three bytes would be 129: cut between characters, not inside one.
        (String(repeating: "€", count: 60), String(repeating: "€", count: 42)),
        ("a\"b\nc\u{7F}d\u{85}e", "a'b c d e"),
        ("back\\slash; {brace}", "back\\slash; {brace}"),
    ]) func commentsFitAndDoNotBreakTheListing(name: String, comment: String) {
        let elements = Ruleset.elements(for: Self.network(name), options: Self.options(), bridge: "br")
        #expect(Set(elements.map(\.comment)) == [comment])
    }

    @Test func closedFamilies() {
        #expect(Ruleset.closedElements(for: []).isEmpty)
        #expect(Ruleset.closedElements(for: [.ipv6, .ipv4]).map(text) == ["closed ipv6", "closed ipv4"])
    }

    private func expect(
        _ network: Network, _ options: BridgeOptions, _ ofNetwork: String?, endpoint ofEndpoint: String,
        location: SourceLocation = #_sourceLocation
    ) {
        let elements = Ruleset.elements(for: network, options: options, bridge: "br")
        if let ofNetwork {
            #expect(elements.map(text).joined(separator: "\n") == ofNetwork, sourceLocation: location)
        }
        let endpoints = Ruleset.elements(for: endpoint(network), on: network, options: options, bridge: "br")
        #expect(endpoints.map(text).joined(separator: "\n") == ofEndpoint, sourceLocation: location)
        let ids = (elements + endpoints).map(\.id)
        #expect(Set(ids).count == ids.count, "a key occurs twice", sourceLocation: location)
    }

    private func endpoint(_ network: Network) -> Endpoint {
        var addresses = [IPPrefix("10.0.0.2/16")]
        if network.enableIPv6 { addresses.append(IPPrefix("fd00::2/64")) }
        return Endpoint(
            id: .random(), network: network.id, container: .random(), name: "web",
            addresses: addresses.compactMap { $0 })
    }
}

func address(_ text: String) -> IPAddress {
    IPAddress(text) ?? IPAddress(family: .ipv4, value: 0)
}

/// `within br . br : accept`
func text(_ element: SetElement) -> String {
    func text(_ fields: [SetElement.Field]) -> String {
        fields.map { field in
            switch field {
            case .interface(let name): name
            case .family(let family): "ipv\(family.rawValue)"
            case .address(let address): "\(address)"
            case .transport(let number): "\(number)"
            case .port(let port): "\(port)"
            }
        }.joined(separator: " . ")
    }
    let value =
        switch element.value {
        case nil: ""
        case .verdict(let verdict): " : \(verdict)"
        case .fields(let fields): " : " + text(fields)
        }
    return "\(element.id.set) \(text(element.id.key))\(value)"
}
