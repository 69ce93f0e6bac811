import Addressing
import Engine
import JSON
import NetworkModel

/// One of a container's networks: what the client asked for, and the endpoint while it runs.
struct Attachment {
    /// The network's name, or what the client gave while it has never run.
    let key: String
    let settings: EndpointSettings
    let endpoint: Endpoint?

    /// A container's networks in the order given. `networks` tells the names of those its endpoints are on.
    static func all(of entry: ContainerEntry, in networks: (ObjectID) -> String?) -> [Attachment] {
        entry.container.attachments.map { key, settings in
            let endpoint = entry.endpoints.first {
                $0.network.text == settings.networkID || $0.network.text == key || networks($0.network) == key
            }
            return Attachment(key: key, settings: settings, endpoint: endpoint)
        }
    }

    var isUserDefined: Bool { !["bridge", "host", "none", "default"].contains(key) }

    /// The endpoint's address of a family: "" and 0 where there is none.
    func address(_ family: AddressFamily) -> (text: String, length: Int) {
        guard let prefix = endpoint?.address(of: family) else { return ("", 0) }
        return (prefix.address.description, prefix.length)
    }

    func gateway(_ family: AddressFamily) -> String { endpoint?.gateway(of: family)?.description ?? "" }
}

/// `EndpointSettings` as a container's inspect and list show them: every key is always there (docker-network-api 2.9).
enum EndpointRendering {
    /// In full.
    static func write(
        _ attachment: Attachment, of container: Container, ownAliases: Bool, to json: inout JSONWriter
    ) {
        let settings = attachment.settings
        json.object {
            writeIPAM(settings.ipam, withLinkLocal: true, to: &$0)
            $0.field("Links", settings.links)
            $0.field("Aliases", aliases(attachment, container, ownAliases: ownAliases))
            $0.field("DriverOpts", settings.driverOptions)
            $0.field("GwPriority", settings.gatewayPriority)
            writeState(attachment, of: container, to: &$0)
            $0.field("DNSNames", attachment.isUserDefined ? dnsNames(attachment, container) : nil)
        }
    }

    /// As far as the list tells.
    static func writeSummary(_ attachment: Attachment, of container: Container, to json: inout JSONWriter) {
        json.object {
            writeIPAM(attachment.settings.ipam, withLinkLocal: false, to: &$0)
            $0.null("Links")
            $0.null("Aliases")
            $0.null("DriverOpts")
            $0.field("GwPriority", attachment.settings.gatewayPriority)
            writeState(attachment, of: container, to: &$0)
            $0.null("DNSNames")
        }
    }

    private static func writeIPAM(
        _ ipam: EndpointSettings.IPAM?, withLinkLocal: Bool, to json: inout JSONWriter
    ) {
        guard let ipam else { return json.null("IPAMConfig") }
        json.object("IPAMConfig") {
            if let address = ipam.ipv4 { $0.field("IPv4Address", address.description) }
            if let address = ipam.ipv6 { $0.field("IPv6Address", address.description) }
            if withLinkLocal, let addresses = ipam.linkLocal, !addresses.isEmpty {
                $0.field("LinkLocalIPs", addresses.map(\.description))
            }
        }
    }

    /// What exists while the container runs. The MAC address that was asked for is shown before the first start, too.
    private static func writeState(_ attachment: Attachment, of container: Container, to json: inout JSONWriter) {
        let ipv4 = attachment.address(.ipv4)
        let ipv6 = attachment.address(.ipv6)
        let wantedMAC = container.state.status == .created ? attachment.settings.mac : nil
        json.field("NetworkID", attachment.endpoint?.network.text ?? attachment.settings.networkID)
        json.field("EndpointID", attachment.endpoint?.id.text ?? "")
        json.field("Gateway", attachment.gateway(.ipv4))
        json.field("IPAddress", ipv4.text)
        json.field("MacAddress", (attachment.endpoint?.mac ?? wantedMAC)?.description ?? "")
        json.field("IPPrefixLen", ipv4.length)
        json.field("IPv6Gateway", attachment.gateway(.ipv6))
        json.field("GlobalIPv6Address", ipv6.text)
        json.field("GlobalIPv6PrefixLen", ipv6.length)
    }

    private static func aliases(
        _ attachment: Attachment, _ container: Container, ownAliases: Bool
    ) -> [String]? {
        guard !ownAliases, attachment.isUserDefined else { return attachment.settings.aliases }
        return unique((attachment.settings.aliases ?? []) + [container.id.short, container.shownHostname])
    }

    /// The container's name, its aliases, its short id, its hostname; each once.
    private static func dnsNames(_ attachment: Attachment, _ container: Container) -> [String] {
        if let endpoint = attachment.endpoint { return endpoint.dnsNames }
        return unique(
            [container.name] + (attachment.settings.aliases ?? []) + [container.id.short, container.shownHostname])
    }

    private static func unique(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { !$0.isEmpty && seen.insert($0).inserted }
    }
}

extension Container {
    /// The hostname: the short id where none was given and the container has a namespace of its own.
    var shownHostname: String {
        config.hostname.isEmpty && host.networkMode.isPrivate ? id.short : config.hostname
    }
}
