import Engine
import JSON
import NetworkModel

/// Networks as `/networks` shows them (docker-network-api 2.1).
enum NetworkRendering {
    /// An element of the list.
    static func summary(_ network: Network) -> [UInt8] {
        var writer = JSONWriter(capacity: 768)
        writer.object { write(network, to: &$0) }
        return writer.bytes
    }

    /// What inspect shows; `Status` from API 1.52 on.
    static func inspect(_ entry: NetworkEntry, hasStatus: Bool) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024 + 320 * entry.endpoints.count)
        writer.object {
            write(entry.network, to: &$0)
            $0.map(
                "Containers", Dictionary(entry.endpoints.map { ($0.container.text, $0) }) { $1 }, write(_:endpoint:))
            if hasStatus { writeStatus(entry, to: &$0) }
        }
        return writer.bytes
    }

    private static func write(_ network: Network, to json: inout JSONWriter) {
        json.field("Name", network.name)
        json.field("Id", network.id.text)
        json.field("Created", network.created.rfc3339(offset: network.created.localOffset))
        json.field("Scope", network.scope)
        json.field("Driver", network.driver)
        json.field("EnableIPv4", network.enableIPv4)
        json.field("EnableIPv6", network.enableIPv6)
        json.object("IPAM") {
            $0.field("Driver", network.ipamDriver)
            $0.field("Options", network.ipamOptions)
            if network.pools.isEmpty {
                $0.null("Config")
            } else {
                $0.array("Config", network.pools, write(_:pool:))
            }
        }
        json.field("Internal", network.isInternal)
        json.field("Attachable", network.isAttachable)
        json.field("Ingress", network.isIngress)
        json.object("ConfigFrom") { $0.field("Network", network.configFrom) }
        json.field("ConfigOnly", network.isConfigOnly)
        json.field("Options", network.options)
        json.field("Labels", network.labels)
    }

    private static func write(_ json: inout JSONWriter, pool: Pool) {
        json.object {
            $0.field("Subnet", pool.subnet.description)
            if let range = pool.range { $0.field("IPRange", range.description) }
            if let gateway = pool.gateway { $0.field("Gateway", gateway.description) }
            if !pool.auxiliaryAddresses.isEmpty {
                $0.field("AuxiliaryAddresses", pool.auxiliaryAddresses.mapValues(\.description))
            }
        }
    }

    private static func write(_ json: inout JSONWriter, endpoint: Endpoint) {
        json.object {
            $0.field("Name", endpoint.name)
            $0.field("EndpointID", endpoint.id.text)
            $0.field("MacAddress", endpoint.mac?.description ?? "")
            $0.field("IPv4Address", endpoint.address(of: .ipv4)?.description ?? "")
            $0.field("IPv6Address", endpoint.address(of: .ipv6)?.description ?? "")
        }
    }

    private static func writeStatus(_ entry: NetworkEntry, to json: inout JSONWriter) {
        json.object("Status") {
            $0.object("IPAM") {
                if entry.usage.isEmpty { return }
                let subnets = zip(entry.network.pools, entry.usage).map { ($0.subnet.description, $1) }
                $0.map("Subnets", Dictionary(subnets) { $1 }) { json, usage in
                    json.object {
                        $0.field("IPsInUse", usage.inUse)
                        $0.field("DynamicIPsAvailable", usage.dynamicAvailable)
                    }
                }
            }
        }
    }
}
