import Addressing
import NetworkModel
import Testing

@Suite struct IPAMConfigValidationTests {
    private func entry(
        _ subnet: String?, range: String? = nil, gateway: String? = nil, aux: [String: String] = [:]
    ) -> IPAMConfig {
        IPAMConfig(
            subnet: subnet.flatMap { IPPrefix($0) }, range: range.flatMap { IPPrefix($0) },
            gateway: gateway.flatMap { IPAddress($0) }, auxiliaryAddresses: aux.compactMapValues { IPAddress($0) })
    }

    private func refusal(_ config: [IPAMConfig], ipv6: Bool = false) -> EngineError? {
        do {
            try validate(config, enableIPv6: ipv6)
            return nil
        } catch {
            return error
        }
    }

    @Test func wholeEntriesPass() {
        let config = [
            entry("10.1.0.0/16", range: "10.1.2.0/24", gateway: "10.1.0.1", aux: ["printer": "10.1.9.9"]),
            entry("fd00:1::/64", gateway: "fd00:1::1"), entry(nil),
        ]
        #expect(refusal(config, ipv6: true) == nil)
        #expect(refusal([]) == nil)
    }

    @Test(
        arguments: [
            ("10.1.2.3/16", nil, nil, "invalid subnet 10.1.2.3/16: it should be 10.1.0.0/16"),
            ("10.1.0.0/16", "fd00::/64", nil, "invalid ip-range fd00::/64: parent subnet is an IPv4 block"),
            ("fd00::/64", "10.0.0.0/24", nil, "invalid ip-range 10.0.0.0/24: parent subnet is an IPv6 block"),
            ("10.1.0.0/16", "10.1.2.3/24", nil, "invalid ip-range 10.1.2.3/24: it should be 10.1.2.0/24"),
            (
                "10.1.0.0/16", "10.2.0.0/24", nil,
                "invalid ip-range 10.2.0.0/24: parent subnet 10.1.0.0/16 doesn't contain ip-range"
            ),
            (
                "10.1.0.0/16", "10.0.0.0/8", nil,
                "invalid ip-range 10.0.0.0/8: CIDR block is bigger than its parent subnet 10.1.0.0/16"
            ),
            ("10.1.0.0/16", nil, "fd00::1", "invalid gateway fd00::1: parent subnet is an IPv4 block"),
            (
                "10.1.0.0/16", nil, "10.2.0.1",
                "invalid gateway 10.2.0.1: parent subnet 10.1.0.0/16 doesn't contain this address"
            ),
            (nil, nil, "fd00::1", "invalid gateway fd00::1: parent subnet invalid Prefix doesn't contain this address"),
        ] as [(String?, String?, String?, String)])
    func oneProblemStandsAlone(subnet: String?, range: String?, gateway: String?, text: String) {
        let error = refusal([entry(subnet, range: range, gateway: gateway)], ipv6: true)
        #expect(error == EngineError(.invalidArgument, "invalid network config:\n" + text))
    }

    @Test func severalProblemsMakeAList() {
        let error = refusal([
            entry("10.1.2.3/16", gateway: "10.9.0.1", aux: ["b": "fd00::1", "a": "1.2.3.4"])
        ])
        #expect(
            error?.message == """
                invalid network config:
                * invalid subnet 10.1.2.3/16: it should be 10.1.0.0/16
                * invalid gateway 10.9.0.1: parent subnet 10.1.2.3/16 doesn't contain this address
                * invalid auxiliary address a: parent subnet 10.1.2.3/16 doesn't contain this address
                * invalid auxiliary address b: parent subnet is an IPv4 block
                """)
    }

    @Test func entriesOfAFamilyThatIsOffAreNotLookedAt() {
        let config = [entry("fd00::1/64", gateway: "10.0.0.1"), entry(nil, gateway: "10.0.0.1")]
        #expect(refusal(config) == nil)
        #expect(refusal(config, ipv6: true) != nil)
    }
}
