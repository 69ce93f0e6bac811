import GRDB
import NetworkModel
import Testing

@testable import Persistence

@Suite struct MigrationTests {
    /// As `Full.network`, but without NULs in columns, at which `sqlite3` ends a text.
    private var dumped: Network {
        var network = Full.network
        network.name = "zürich"
        network.pools[1].auxiliaryAddresses = ["y": ip("10.1.0.3")]
        return network
    }

    /// A version 1 store as `sqlite3 .dump` wrote it, loaded by a binary that may know later versions.
    @Test func versionOneLoads() throws {
        let directory = try TemporaryDirectory()
        let queue = try outsider(directory.store)
        try queue.writeWithoutTransaction { try $0.execute(sql: version1Dump) }
        try queue.close()
        let state = try directory.open().load()
        #expect(state.networks == [network(7, pools: [pool("10.7.0.0/16", gateway: "10.7.0.1")]), dumped])
        #expect(state.containers == [Full.container, container(8)])
        #expect(state.endpoints == [Full.endpoint, endpoint(9, network: 7, container: 8, addresses: ["10.7.0.2/16"])])
        #expect(state.settings == ["host-id": "abc"])
    }

    /// From a dump or from nothing: the same tables, indexes and triggers, word for word.
    @Test func bothWaysLeadToOneSchema() throws {
        let (old, new) = (try TemporaryDirectory(), try TemporaryDirectory())
        let queue = try outsider(old.store)
        try queue.writeWithoutTransaction { try $0.execute(sql: version1Dump) }
        try queue.close()
        try old.open().close()
        try new.open().close()
        let schema = try [old, new].map { directory in
            try outsider(directory.store).read { database in
                let sql = try String.fetchAll(
                    database, sql: "SELECT sql FROM sqlite_schema WHERE sql NOTNULL ORDER BY 1")
                return [try String.fetchOne(database, sql: "PRAGMA user_version") ?? ""] + sql
            }
        }
        #expect(schema[0] == schema[1])
        #expect(schema[0].count > 10)
    }
}
