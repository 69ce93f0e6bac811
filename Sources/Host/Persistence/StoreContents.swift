import Foundation
import GRDB
import Glibc

/// What is in a store's file, looked at before the file is opened for writing: through a read-only connection, which
/// changes nothing in database and write-ahead log, not even by a checkpoint.
struct StoreContents {
    let file: StoreFile

    /// Everything that is stored, or nil if an older version has to be migrated first.
    ///
    /// - Throws: what is wrong with it; then no file is left that wasn't there.
    func check() throws(StoreError) -> StoredState? {
        let beside = ["-wal", "-shm"].map { file.path + $0 }
        let new = beside.filter { access($0, F_OK) != 0 }
        do throws(StoreError) {
            if let damage = try WriteAheadLog.damage(of: file.path) { throw StoreError.damaged(file.path, damage) }
            return try read()
        } catch {
            // SQLite made them for reading; with nothing in them, they say nothing to anybody.
            for path in new { unlink(path) }
            throw error
        }
    }

    private func read() throws(StoreError) -> StoredState? {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        do {
            let queue = try DatabaseQueue(path: file.path, configuration: configuration)
            defer { try? queue.close() }
            return try queue.read { try check($0) }
        } catch let error as StoreError {
            throw error
        } catch let error as RowError {
            throw StoreError.damaged(file.path, error.description)
        } catch {
            // SQLITE_ERROR: the statements are right, so the schema isn't.
            let damage: [ResultCode] = [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_TOOBIG]
            let isDamage = (error as? DatabaseError).map { damage.contains($0.resultCode) }
            if isDamage == true { throw StoreError.damaged(file.path, describe(error)) }
            throw file.failure("open", error)
        }
    }

    private func check(_ database: Database) throws -> StoredState? {
        // The header doesn't show what is still in the write-ahead log.
        let version = try Schema.version(of: database)
        try file.checkVersion(version)
        let problem = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
        if problem != "ok" { throw StoreError.damaged(file.path, problem ?? "no answer to quick_check") }
        let missing = try Schema.objects(of: version).subtracting(Schema.objects(in: database))
        if let object = missing.map(\.name).min() {
            throw StoreError.damaged(file.path, "the definition of \(object) isn't Fairlead's")
        }
        return version == Schema.version ? try StoredState.load(from: database) : nil
    }
}
