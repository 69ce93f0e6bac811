import Addressing
import GRDB
import NetworkModel

/// Table `address`: one reservation for each address that something has.
enum AddressRows {
    private static let table = Table(
        name: "address",
        columns: [
            "family": .other, "address": .other, "network": .text, "role": .text, "position": .other, "name": .text,
            "endpoint": .text, "length": .other,
        ])
    private static let insert = table.insert()

    /// Whose an address is.
    enum Owner {
        case gateway(network: ObjectID, pool: Int)
        case auxiliary(network: ObjectID, pool: Int, name: String)
        case endpoint(ObjectID, network: ObjectID, place: Int, length: Int)
    }

    struct PoolKey: Hashable {
        let network: ObjectID
        let position: Int
    }

    /// What belongs to networks themselves.
    struct Own {
        var gateways: [PoolKey: IPAddress] = [:]
        var auxiliary: [PoolKey: [String: IPAddress]] = [:]
    }

    static func insert(_ address: IPAddress, _ owner: Owner, in database: Database) throws {
        let family = Int(address.family.rawValue)
        let arguments: StatementArguments
        switch owner {
        case .gateway(let network, let pool):
            arguments = [family, address.blob, text(network.text), text("gateway"), pool, nil, nil, nil]
        case .auxiliary(let network, let pool, let name):
            arguments = [family, address.blob, text(network.text), text("auxiliary"), pool, text(name), nil, nil]
        case .endpoint(let id, let network, let place, let length):
            arguments = [
                family, address.blob, text(network.text), text("endpoint"), place, nil, text(id.text), length,
            ]
        }
        try database.run(insert, arguments)
    }

    static func remove(endpoint id: ObjectID, in database: Database) throws {
        try database.run("DELETE FROM address WHERE endpoint = CAST(? AS TEXT)", [text(id.text)])
    }

    /// All reservations: the networks' own, and the endpoints' prefixes in their order.
    static func load(_ database: Database) throws -> (own: Own, endpoints: [ObjectID: [IPPrefix]]) {
        var own = Own()
        var endpoints: [ObjectID: [IPPrefix]] = [:]
        _ = try table.load(from: database, orderedBy: "network position family address") { columns in
            let address = try columns.address("address")
            let pool = PoolKey(network: try columns.id("network"), position: try columns.integer("position"))
            switch try columns.text("role") {
            case "gateway": own.gateways[pool] = address
            case "auxiliary": own.auxiliary[pool, default: [:]][try columns.text("name")] = address
            default:
                let prefix = try columns.prefix("address", length: "length")
                endpoints[try columns.id("endpoint"), default: []].append(prefix)
            }
        }
        return (own, endpoints)
    }
}
