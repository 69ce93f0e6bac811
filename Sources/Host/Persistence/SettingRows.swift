import GRDB

/// Table `setting`.
enum SettingRows {
    private static let table = Table(name: "setting", columns: ["key": .text, "value": .text])
    private static let put = table.insert(replacing: "key")

    static func set(_ key: String, _ value: String?, in database: Database) throws {
        if let value {
            try database.run(put, [text(key), text(value)])
        } else {
            try database.run("DELETE FROM setting WHERE key = CAST(? AS TEXT)", [text(key)])
        }
    }

    static func load(_ database: Database) throws -> [String: String] {
        var settings: [String: String] = [:]
        _ = try table.load(from: database, orderedBy: "key") { columns in
            settings[try columns.text("key")] = try columns.text("value")
        }
        return settings
    }
}
