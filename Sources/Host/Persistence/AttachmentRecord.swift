import Addressing
import NetworkModel

/// One of a container's attachments in a JSON column: an array of these keeps their order.
struct AttachmentRecord: Codable {
    struct IPAM: Codable {
        let ipv4: String?
        let ipv6: String?
        let linkLocal: [String]?
    }

    let network: String
    let ipam: IPAM?
    let links: [String]?
    let aliases: [String]?
    let driverOptions: [String: String]?
    let gatewayPriority: Int
    let mac: String?
    let networkID: String

    init(network: String, settings: EndpointSettings) {
        self.network = network
        ipam = settings.ipam.map { ipam in
            IPAM(
                ipv4: ipam.ipv4?.description, ipv6: ipam.ipv6?.description,
                linkLocal: ipam.linkLocal?.map(\.description))
        }
        links = settings.links
        aliases = settings.aliases
        driverOptions = settings.driverOptions
        gatewayPriority = settings.gatewayPriority
        mac = settings.mac?.description
        networkID = settings.networkID
    }

    var settings: EndpointSettings {
        get throws {
            EndpointSettings(
                ipam: try ipam.map { ipam in
                    EndpointSettings.IPAM(
                        ipv4: try ipam.ipv4.map(parseAddress), ipv6: try ipam.ipv6.map(parseAddress),
                        linkLocal: try ipam.linkLocal?.map(parseAddress))
                }, links: links, aliases: aliases, driverOptions: driverOptions, gatewayPriority: gatewayPriority,
                mac: try mac.map(parseMAC), networkID: networkID)
        }
    }
}

private func parseMAC(_ text: String) throws -> MACAddress {
    guard let mac = MACAddress(text) else { throw ColumnError(column: "attachments") }
    return mac
}
