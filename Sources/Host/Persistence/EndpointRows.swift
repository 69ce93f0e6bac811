import Addressing
import Foundation
import GRDB
import NetworkModel

/// Table `endpoint`, with the rows of `address` that are an endpoint's.
enum EndpointRows {
    private static let table = Table(
        name: "endpoint",
        columns: [
            "id": .text, "network": .text, "container": .text, "name": .text, "link_local": .text, "gateways": .text,
            "mac": .other, "interface": .text, "host_interface": .text, "dns_names": .text, "driver_options": .text,
            "gateway_priority": .other, "place": .other,
        ])
    private static let put = table.insert(replacing: "id")

    static func put(_ endpoint: Endpoint, in database: Database) throws {
        try database.run(
            put,
            [
                text(endpoint.id.text), text(endpoint.network.text), text(endpoint.container.text),
                text(endpoint.name), try json(endpoint.linkLocal.map(\.description)),
                try json(endpoint.gateways.map(\.description)), endpoint.mac.map { Data($0.octets) },
                text(endpoint.interface), text(endpoint.hostInterface), try json(endpoint.dnsNames),
                try json(endpoint.driverOptions), endpoint.gatewayPriority, endpoint.order,
            ])
        try AddressRows.remove(endpoint: endpoint.id, in: database)
        for (place, prefix) in endpoint.addresses.enumerated() {
            try AddressRows.insert(
                prefix.address,
                .endpoint(endpoint.id, network: endpoint.network, place: place, length: prefix.length), in: database)
        }
    }

    static func remove(_ id: ObjectID, in database: Database) throws {
        try database.run("DELETE FROM endpoint WHERE id = CAST(? AS TEXT)", [text(id.text)])
    }

    static func load(_ database: Database, addresses: [ObjectID: [IPPrefix]]) throws -> [Endpoint] {
        try table.load(from: database, orderedBy: "container place id") { columns in
            let id = try columns.id("id")
            return Endpoint(
                id: id, network: try columns.id("network"), container: try columns.id("container"),
                name: try columns.text("name"), addresses: addresses[id] ?? [],
                linkLocal: try columns.json("link_local", [String].self).map { try parseAddress($0) },
                gateways: try columns.json("gateways", [String].self).map { try parseAddress($0) },
                mac: try columns.mac("mac"), interface: try columns.text("interface"),
                hostInterface: try columns.text("host_interface"), dnsNames: try columns.json("dns_names"),
                driverOptions: try columns.json("driver_options"),
                gatewayPriority: try columns.integer("gateway_priority"), order: try columns.integer("place"))
        }
    }
}
