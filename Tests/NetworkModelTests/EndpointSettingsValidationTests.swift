import Addressing
import NetworkModel
import Testing

@Suite struct EndpointSettingsValidationTests {
    private func network(_ subnets: String...) -> Network {
        Network(
            id: .random(), name: "front", created: .zero, driver: "bridge",
            pools: subnets.compactMap { IPPrefix($0) }.map { Pool(subnet: $0, isStatic: true) })
    }

    private func settings(ipv4: String? = nil, ipv6: String? = nil, linkLocal: [String]? = nil) -> EndpointSettings {
        EndpointSettings(
            ipam: EndpointSettings.IPAM(
                ipv4: ipv4.flatMap { IPAddress($0) }, ipv6: ipv6.flatMap { IPAddress($0) },
                linkLocal: linkLocal?.compactMap { IPAddress($0) }))
    }

    private func body(_ settings: EndpointSettings, on network: Network?, userDefined: Bool = true) -> String? {
        do {
            try validate(settings, on: network, isUserDefined: userDefined)
            return nil
        } catch {
            #expect(error.kind == .invalidArgument)
            let title = "invalid endpoint settings:\n"
            #expect(error.message.hasPrefix(title))
            return String(error.message.dropFirst(title.count))
        }
    }

    @Test func whatFitsPasses() {
        let target = network("10.1.0.0/16", "fd00:1::/64")
        #expect(body(settings(ipv4: "10.1.9.9", ipv6: "fd00:1::9", linkLocal: ["169.254.8.8"]), on: target) == nil)
        #expect(
            body(EndpointSettings(ipam: EndpointSettings.IPAM(), aliases: []), on: target, userDefined: false) == nil)
        #expect(body(settings(ipv4: "192.0.2.1"), on: nil) == nil)
    }

    @Test(
        arguments: [
            ("0.0.0.0", nil, "* invalid IPv4 address: 0.0.0.0\n* no configured subnet contains IP address 0.0.0.0"),
            (
                "fd00:1::2", nil,
                "* invalid IPv4 address: fd00:1::2\n* no configured subnet contains IP address fd00:1::2"
            ),
            ("10.2.0.1", nil, "no configured subnet contains IP address 10.2.0.1"),
            (nil, "fd00:2::1", "no configured subnet contains IP address fd00:2::1"),
            (nil, "::", "* invalid IPv6 address: ::\n* no configured subnet contains IP address ::"),
            (nil, "10.1.0.2", "* invalid IPv6 address: 10.1.0.2\n* no configured subnet contains IP address 10.1.0.2"),
        ] as [(String?, String?, String)])
    func addresses(ipv4: String?, ipv6: String?, text: String) {
        #expect(body(settings(ipv4: ipv4, ipv6: ipv6), on: network("10.1.0.0/16", "fd00:1::/64")) == text)
    }

    @Test func predefinedNetworksTakeNeitherAddressesNorAliases() {
        var wanted = settings(ipv4: "10.1.0.9")
        wanted.aliases = ["www"]
        #expect(
            body(wanted, on: network("10.1.0.0/16"), userDefined: false) == """
                * user-specified IP address is supported on user-defined networks only
                * network-scoped aliases are only supported for user-defined networks
                """)
    }

    @Test(arguments: [
        ("net.ipv4.conf.IFNAME.forwarding=1", true), ("net.mpls.conf.ifname.input=1", true),
        ("net.ipv4.conf.eth0.forwarding=1", false), ("net.core.conf.IFNAME.x=1", false), ("", false),
        ("net.ipv4.conf.IFNAME", false),
    ])
    func interfaceSysctls(item: String, passes: Bool) {
        let wanted = EndpointSettings(driverOptions: [EndpointSysctls.option: item])
        let text =
            "unrecognised network interface sysctl '\(item)'; represent 'net.X.Y.ethN.Z=V' as "
            + "'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', 'ipv6' or 'mpls'"
        #expect(body(wanted, on: nil) == (passes ? nil : text))
    }

    @Test func sysctlSettingsFindTheirPath() {
        let found = EndpointSysctls.settings("net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.conf.ifname.a.b=x=y")
        #expect(
            found.map { $0.path(interface: "eth0.5") } == [
                "net/ipv4/conf/eth0.5/log_martians", "net/ipv6/conf/eth0.5/a/b",
            ])
        #expect(found.map(\.value) == ["1", "x=y"])
    }
}
