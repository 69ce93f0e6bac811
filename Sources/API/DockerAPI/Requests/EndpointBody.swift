import Addressing
import JSON
import NetworkModel

/// `EndpointSettings` as clients send it. What only the daemon knows is read, so that nonsense in it is refused, and
/// forgotten.
enum EndpointBody {
    static let goType = "network.EndpointSettings"

    static func read(_ reader: StructReader) -> EndpointSettings {
        let settings = EndpointSettings(
            ipam: reader.object("IPAMConfig", as: "network.EndpointIPAMConfig", body: readIPAM),
            links: reader.stringArray("Links"), aliases: reader.stringArray("Aliases"),
            driverOptions: reader.stringMap("DriverOpts"), gatewayPriority: reader.int("GwPriority") ?? 0,
            mac: reader.text("MacAddress", goType: "network.HardwareAddr", parse: MACAddress.parse),
            networkID: reader.string("NetworkID") ?? "")
        _ = reader.string("EndpointID")
        for name in ["Gateway", "IPAddress", "IPv6Gateway", "GlobalIPv6Address"] {
            _ = reader.text(name, goType: "netip.Addr", parse: IPAddress.parse)
        }
        _ = reader.int("IPPrefixLen")
        _ = reader.int("GlobalIPv6PrefixLen")
        _ = reader.stringArray("DNSNames")
        return settings
    }

    private static func readIPAM(_ reader: StructReader) -> EndpointSettings.IPAM {
        EndpointSettings.IPAM(
            ipv4: reader.text("IPv4Address", goType: "netip.Addr", parse: IPAddress.parse),
            ipv6: reader.text("IPv6Address", goType: "netip.Addr", parse: IPAddress.parse),
            linkLocal: reader.textArray("LinkLocalIPs", goType: "netip.Addr", parse: IPAddress.parse)?
                .compactMap { $0 })
    }
}
