import Addressing
import Foundation
import GRDB
import NetworkModel

/// A row's value that isn't what this version writes.
struct ColumnError: Error, CustomStringConvertible {
    let column: String
    var description: String { "column \(column) has an unexpected value" }
}

/// A row that can't be what this version has written, named by its key.
struct RowError: Error, CustomStringConvertible {
    let row: String
    let reason: String
    var description: String { "\(row): \(reason)" }
}

/// Text as the store binds it: its bytes, to be stored by `CAST(? AS TEXT)`. Bound as a C string, a name with a NUL,
/// which Docker allows, would end there.
func text(_ string: String) -> Data { Data(string.utf8) }

extension IPAddress {
    var blob: Data { Data(sixteenBytes) }
}

/// Members as JSON text, sorted, so that equal values are equal rows.
func json(_ value: some Encodable) throws -> Data { try encoder.encode(value) }

/// Most options, labels and the like are empty, and an encoder takes longer for them than SQLite for the row.
func json(_ value: [String: String]) throws -> Data { value.isEmpty ? Data("{}".utf8) : try encoder.encode(value) }
func json<Element: Encodable>(_ value: [Element]) throws -> Data {
    value.isEmpty ? Data("[]".utf8) : try encoder.encode(value)
}

private let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
}()

/// Reads a row's columns, strictly. TEXT columns are selected as BLOBs (see `text`).
struct Columns {
    let row: Row

    private func value<T: DatabaseValueConvertible>(_ name: String, _: T.Type = T.self) throws -> T {
        guard let value = T.fromDatabaseValue(row[name] as DatabaseValue) else { throw ColumnError(column: name) }
        return value
    }

    /// What tells the row from others, for whoever looks for it with `sqlite3`; quoted, since it may be damaged.
    var key: String {
        let names = ["key", "id", "name", "network", "position"].filter { row.hasColumn($0) && !isNull($0) }
        let parts = names.map { name in
            let text = Data.fromDatabaseValue(row[name] as DatabaseValue).map { String(decoding: $0, as: UTF8.self) }
            return "\(name) \(text?.debugDescription ?? "\(row[name] as DatabaseValue)")"
        }
        return parts.joined(separator: ", ")
    }

    func isNull(_ name: String) -> Bool { (row[name] as DatabaseValue).isNull }
    func integer(_ name: String) throws -> Int { try value(name) }
    func timestamp(_ name: String) throws -> Timestamp { Timestamp(nanoseconds: try value(name)) }
    func flag(_ name: String) throws -> Bool { try integer(name) != 0 }

    func text(_ name: String) throws -> String {
        guard let text = String(validating: try value(name, Data.self), as: UTF8.self) else {
            throw ColumnError(column: name)
        }
        return text
    }

    func id(_ name: String) throws -> ObjectID {
        guard let id = ObjectID(try text(name)) else { throw ColumnError(column: name) }
        return id
    }

    /// An address in the family its `family` column says.
    func address(_ name: String) throws -> IPAddress {
        let bytes = [UInt8](try value(name, Data.self))
        guard bytes.count == 16 else { throw ColumnError(column: name) }
        let address =
            switch try integer("family") {
            case 4: IPAddress(sixteenBytes: bytes)
            default: IPAddress(bytes: bytes)
            }
        guard let address else { throw ColumnError(column: name) }
        return address
    }

    /// The prefix of an address column and a length column.
    func prefix(_ name: String, length: String) throws -> IPPrefix {
        guard let prefix = IPPrefix(address: try address(name), length: try integer(length)) else {
            throw ColumnError(column: length)
        }
        return prefix
    }

    func mac(_ name: String) throws -> MACAddress? {
        if isNull(name) { return nil }
        guard let mac = MACAddress(octets: [UInt8](try value(name, Data.self))) else { throw ColumnError(column: name) }
        return mac
    }

    func json<T: Decodable>(_ name: String, _ type: T.Type = T.self) throws -> T {
        let data = try value(name, Data.self)
        guard let decoded = try? JSONDecoder().decode(type, from: data) else { throw ColumnError(column: name) }
        return decoded
    }
}

/// A table's columns, and the statements over all of them.
struct Table {
    enum Storage {
        case text
        case other
    }

    let name: String
    let columns: KeyValuePairs<String, Storage>

    /// `INSERT`, or with the name of a key, an upsert that changes every other column.
    func insert(replacing key: String? = nil) -> String {
        let names = columns.map(\.key).joined(separator: ", ")
        let values = columns.map { $0.value == .text ? "CAST(? AS TEXT)" : "?" }.joined(separator: ", ")
        let insert = "INSERT INTO \(name) (\(names)) VALUES (\(values))"
        guard let key else { return insert }
        let changes = columns.filter { $0.key != key }.map { "\($0.key) = excluded.\($0.key)" }
        return insert + " ON CONFLICT (\(key)) DO UPDATE SET " + changes.joined(separator: ", ")
    }

    func select(orderedBy order: String) -> String {
        let names = columns.map { $0.value == .text ? "CAST(\($0.key) AS BLOB) AS \($0.key)" : $0.key }
        // Qualified, so that the order is by the column, not by its cast.
        let keys = order.split(separator: " ").map { "\(name).\($0)" }.joined(separator: ", ")
        return "SELECT \(names.joined(separator: ", ")) FROM \(name) ORDER BY \(keys)"
    }

    /// Reads all rows. Throws `RowError`.
    func load<Value>(
        from database: Database, orderedBy order: String, _ read: (Columns) throws -> Value
    ) throws -> [Value] {
        try Row.fetchAll(database, sql: select(orderedBy: order)).map { row in
            let columns = Columns(row: row)
            do {
                return try read(columns)
            } catch let error as ColumnError {
                throw RowError(row: "\(name) \(columns.key)", reason: error.description)
            }
        }
    }
}

extension Database {
    /// Executes a statement that is prepared once and kept.
    func run(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }
}
