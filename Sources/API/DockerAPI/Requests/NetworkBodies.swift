import Addressing
import JSON
import NetworkModel

/// `POST /networks/create` (docker-network-api 2.4).
enum NetworkCreateBody {
    static let goType = "network.CreateRequest"

    /// Before 1.48, `EnableIPv4` was no field: it is read and forgotten.
    static func read(_ reader: StructReader, _ version: APIVersion) -> NetworkRequest {
        var request = NetworkRequest(
            name: reader.string("Name") ?? "", driver: reader.string("Driver") ?? "",
            scope: reader.string("Scope") ?? "", options: reader.stringMap("Options") ?? [:],
            labels: reader.stringMap("Labels") ?? [:])
        request.isInternal = reader.bool("Internal") ?? false
        request.isAttachable = reader.bool("Attachable") ?? false
        request.isIngress = reader.bool("Ingress") ?? false
        request.isConfigOnly = reader.bool("ConfigOnly") ?? false
        request.configFrom = reader.object("ConfigFrom", as: "network.ConfigReference") {
            $0.string("Network") ?? ""
        }
        let enableIPv4 = reader.bool("EnableIPv4", isPointer: true)
        request.enableIPv4 = version >= .gatewayPriority ? enableIPv4 : nil
        request.enableIPv6 = reader.bool("EnableIPv6", isPointer: true)
        request.ipam = reader.object("IPAM", as: "network.IPAM", body: readIPAM)
        return request
    }

    private static func readIPAM(_ reader: StructReader) -> NetworkRequest.IPAM {
        NetworkRequest.IPAM(
            driver: reader.string("Driver") ?? "", options: reader.stringMap("Options"),
            config: reader.objectArray("Config", of: "network.IPAMConfig", body: readConfig) ?? [])
    }

    private static func readConfig(_ reader: StructReader) -> IPAMConfig {
        let auxiliary = reader.textMap("AuxiliaryAddresses", goType: "netip.Addr", parse: IPAddress.parse) ?? []
        return IPAMConfig(
            subnet: reader.text("Subnet", goType: "netip.Prefix", parse: IPPrefix.parse),
            range: reader.text("IPRange", goType: "netip.Prefix", parse: IPPrefix.parse),
            gateway: reader.text("Gateway", goType: "netip.Addr", parse: IPAddress.parse),
            auxiliaryAddresses: Dictionary(auxiliary.compactMap { entry in entry.value.map { (entry.key, $0) } }) { $1 }
        )
    }
}

/// `POST /networks/{id}/connect`.
struct NetworkConnectBody: Sendable {
    static let goType = "network.ConnectRequest"

    let container: String
    var settings: EndpointSettings?

    /// Before 1.54, the MAC address was dropped.
    init(_ reader: StructReader, _ version: APIVersion) {
        container = reader.string("Container") ?? ""
        settings = reader.object("EndpointConfig", as: EndpointBody.goType, body: EndpointBody.read)
        if version < .connectMAC { settings?.mac = nil }
    }
}

/// `POST /networks/{id}/disconnect`.
struct NetworkDisconnectBody: Sendable {
    static let goType = "network.DisconnectRequest"

    let container: String
    let force: Bool

    init(_ reader: StructReader) {
        container = reader.string("Container") ?? ""
        force = reader.bool("Force") ?? false
    }
}
