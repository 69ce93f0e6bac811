import GRDB

/// The numbered files of `Migrations/`, embedded; each is immutable once landed.
enum Schema {
    /// "FLRD" in the file's header (https://www.sqlite.org/fileformat.html, "Application ID"): tells a store of ours
    /// from other programs' databases.
    static let applicationID: UInt32 = 0x464C_5244

    private static let migrations: [[UInt8]] = [PackageResources._001_initial_sql]

    /// The version this binary writes.
    static var version: Int { migrations.count }

    /// Brings a store of an older version, 0 being an empty one, to this one; each step is one transaction.
    static func migrate(_ database: Database, from old: Int) throws {
        for (index, migration) in migrations.enumerated() where index >= old {
            try database.inTransaction(.immediate) {
                try database.execute(sql: String(decoding: migration, as: UTF8.self))
                try database.execute(sql: "PRAGMA application_id = \(applicationID)")
                try database.execute(sql: "PRAGMA user_version = \(index + 1)")
                return .commit
            }
        }
    }

    /// A table, index or trigger, and the statement that made it.
    struct Object: Hashable {
        let name: String
        let sql: String
    }

    /// What a store of a version consists of.
    static func objects(of version: Int) throws -> Set<Object> {
        try DatabaseQueue().writeWithoutTransaction { database in
            for migration in migrations.prefix(version) {
                try database.execute(sql: String(decoding: migration, as: UTF8.self))
            }
            return try objects(in: database)
        }
    }

    static func objects(in database: Database) throws -> Set<Object> {
        let sql = "SELECT CAST(name AS BLOB) AS name, CAST(sql AS BLOB) AS sql FROM sqlite_schema WHERE sql NOTNULL"
        return try Set(
            Row.fetchAll(database, sql: sql).map { row in
                Object(name: try Columns(row: row).text("name"), sql: try Columns(row: row).text("sql"))
            })
    }

    static func version(of database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    }
}
