import Addressing
import GRDB
import NetworkModel

/// Tables `network` and `subnet`, and the rows of `address` that are a network's own.
enum NetworkRows {
    private static let networks = Table(
        name: "network",
        columns: [
            "id": .text, "name": .text, "created": .other, "scope": .text, "driver": .text, "enable_ipv4": .other,
            "enable_ipv6": .other, "ipam_driver": .text, "ipam_options": .text, "ipam_config": .text,
            "is_internal": .other, "is_attachable": .other, "is_ingress": .other, "is_config_only": .other,
            "config_from": .text, "options": .text, "labels": .text,
        ])
    private static let subnets = Table(
        name: "subnet",
        columns: [
            "network": .text, "position": .other, "family": .other, "first": .other, "last": .other,
            "length": .other, "range_first": .other, "range_last": .other, "range_length": .other,
            "is_static": .other,
        ])
    private static let putNetwork = networks.insert(replacing: "id")
    private static let insertSubnet = subnets.insert()

    static func put(_ network: Network, in database: Database) throws {
        try database.run(
            putNetwork,
            [
                text(network.id.text), text(network.name), network.created.nanoseconds, text(network.scope),
                text(network.driver), network.enableIPv4, network.enableIPv6, text(network.ipamDriver),
                try network.ipamOptions.map { try json($0) },
                try json(network.ipamConfig.map(IPAMConfigRecord.init)), network.isInternal, network.isAttachable,
                network.isIngress, network.isConfigOnly, text(network.configFrom), try json(network.options),
                try json(network.labels),
            ])
        let id = text(network.id.text)
        try database.run("DELETE FROM address WHERE network = CAST(? AS TEXT) AND role <> 'endpoint'", [id])
        try database.run("DELETE FROM subnet WHERE network = CAST(? AS TEXT)", [id])
        for (position, pool) in network.pools.enumerated() {
            try insert(pool, at: position, of: network.id, in: database)
        }
    }

    static func remove(_ id: ObjectID, in database: Database) throws {
        try database.run("DELETE FROM network WHERE id = CAST(? AS TEXT)", [text(id.text)])
    }

    private static func insert(_ pool: Pool, at position: Int, of id: ObjectID, in database: Database) throws {
        let range = pool.range ?? pool.subnet
        try database.run(
            insertSubnet,
            [
                text(id.text), position, Int(pool.subnet.family.rawValue), pool.subnet.first.blob,
                pool.subnet.last.blob, pool.subnet.length, range.first.blob, range.last.blob, pool.range?.length,
                pool.isStatic,
            ])
        if let gateway = pool.gateway {
            try AddressRows.insert(gateway, .gateway(network: id, pool: position), in: database)
        }
        for (name, address) in pool.auxiliaryAddresses {
            try AddressRows.insert(address, .auxiliary(network: id, pool: position, name: name), in: database)
        }
    }

    static func load(_ database: Database, own: AddressRows.Own) throws -> [Network] {
        var pools: [ObjectID: [Pool]] = [:]
        _ = try subnets.load(from: database, orderedBy: "network position") { columns in
            let network = try columns.id("network")
            let key = AddressRows.PoolKey(network: network, position: try columns.integer("position"))
            pools[network, default: []].append(
                Pool(
                    subnet: try columns.prefix("first", length: "length"),
                    range: columns.isNull("range_length")
                        ? nil : try columns.prefix("range_first", length: "range_length"),
                    gateway: own.gateways[key], auxiliaryAddresses: own.auxiliary[key] ?? [:],
                    isStatic: try columns.flag("is_static")))
        }
        return try networks.load(from: database, orderedBy: "created id") { columns in
            try network(columns, pools: pools[try columns.id("id")] ?? [])
        }
    }

    /// Which network has a pool at which position.
    static func pools(_ database: Database) throws -> [AddressRows.PoolKey] {
        try subnets.load(from: database, orderedBy: "network position") { columns in
            AddressRows.PoolKey(network: try columns.id("network"), position: try columns.integer("position"))
        }
    }

    private static func network(_ columns: Columns, pools: [Pool]) throws -> Network {
        Network(
            id: try columns.id("id"), name: try columns.text("name"), created: try columns.timestamp("created"),
            scope: try columns.text("scope"), driver: try columns.text("driver"),
            enableIPv4: try columns.flag("enable_ipv4"), enableIPv6: try columns.flag("enable_ipv6"),
            ipamDriver: try columns.text("ipam_driver"),
            ipamOptions: columns.isNull("ipam_options") ? nil : try columns.json("ipam_options"),
            ipamConfig: try columns.json("ipam_config", [IPAMConfigRecord].self).map { try $0.value }, pools: pools,
            isInternal: try columns.flag("is_internal"), isAttachable: try columns.flag("is_attachable"),
            isIngress: try columns.flag("is_ingress"), isConfigOnly: try columns.flag("is_config_only"),
            configFrom: try columns.text("config_from"), options: try columns.json("options"),
            labels: try columns.json("labels"))
    }
}
