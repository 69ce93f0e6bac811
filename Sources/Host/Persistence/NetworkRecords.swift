import Addressing
import NetworkModel

/// An `IPAMConfig` in a JSON column.
struct IPAMConfigRecord: Codable {
    let subnet: String?
    let range: String?
    let gateway: String?
    let auxiliary: [String: String]

    init(_ config: IPAMConfig) {
        subnet = config.subnet?.description
        range = config.range?.description
        gateway = config.gateway?.description
        auxiliary = config.auxiliaryAddresses.mapValues(\.description)
    }

    var value: IPAMConfig {
        get throws {
            IPAMConfig(
                subnet: try subnet.map(parsePrefix), range: try range.map(parsePrefix),
                gateway: try gateway.map(parseAddress), auxiliaryAddresses: try auxiliary.mapValues(parseAddress))
        }
    }
}

func parsePrefix(_ text: String) throws -> IPPrefix {
    guard let prefix = IPPrefix(text) else { throw ColumnError(column: "with prefix \(text)") }
    return prefix
}

func parseAddress(_ text: String) throws -> IPAddress {
    guard let address = IPAddress(text) else { throw ColumnError(column: "with address \(text)") }
    return address
}
