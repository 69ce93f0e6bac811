import Addressing
import GRDB
import NetworkModel

extension StoredState {
    /// Reads everything, strictly. Throws `RowError` for what this version can't have written.
    static func load(from database: Database) throws -> StoredState {
        let addresses = try AddressRows.load(database)
        let state = StoredState(
            networks: try NetworkRows.load(database, own: addresses.own),
            endpoints: try EndpointRows.load(database, addresses: addresses.endpoints),
            containers: try ContainerRows.load(database), settings: try SettingRows.load(database))
        try state.checkReferences(pools: try NetworkRows.pools(database), addresses)
        return state
    }

    /// What the database enforces when rows are written, and a damaged key breaks: what is referred to exists, once.
    private func checkReferences(
        pools: [AddressRows.PoolKey], _ addresses: (own: AddressRows.Own, endpoints: [ObjectID: [IPPrefix]])
    ) throws {
        let networkIDs = try unique(networks.map(\.id), in: "network")
        let containerIDs = try unique(containers.map(\.id), in: "container")
        let endpointIDs = try unique(endpoints.map(\.id), in: "endpoint")
        _ = try unique(networks.map(\.name), in: "network")
        _ = try unique(containers.map(\.name), in: "container")
        let poolKeys = Set(pools)
        for pool in pools where !networkIDs.contains(pool.network) {
            throw RowError(row: "subnet of network \(pool.network)", reason: "there is no such network")
        }
        let owners = Set(addresses.own.gateways.keys).union(addresses.own.auxiliary.keys)
        for owner in owners where !poolKeys.contains(owner) {
            throw RowError(
                row: "address of network \(owner.network), position \(owner.position)",
                reason: "there is no such subnet")
        }
        for endpoint in endpoints {
            let row = "endpoint id \(endpoint.id)"
            if !networkIDs.contains(endpoint.network) {
                throw RowError(row: row, reason: "there is no network \(endpoint.network)")
            }
            if !containerIDs.contains(endpoint.container) {
                throw RowError(row: row, reason: "there is no container \(endpoint.container)")
            }
        }
        for owner in addresses.endpoints.keys where !endpointIDs.contains(owner) {
            throw RowError(row: "address of endpoint \(owner)", reason: "there is no such endpoint")
        }
    }

    private func unique<Key: Hashable>(_ keys: [Key], in table: String) throws -> Set<Key> {
        var found: Set<Key> = []
        for key in keys where !found.insert(key).inserted {
            throw RowError(row: "\(table) \("\(key)".debugDescription)", reason: "it is there twice")
        }
        return found
    }
}
