import Foundation
import GRDB
import Glibc
public import Logging
public import NetworkModel
import Synchronization

/// What shall be: networks, containers, endpoints and their reservations, in SQLite (DESIGN section 6).
///
/// WAL with `synchronous=FULL`: what `commit` has answered outlives a power cut. One writer; reads are for the start,
/// after which the engine holds the state in memory.
public final class Store: Sendable {
    /// The database file, `fairlead.db` in the data root.
    public let path: String
    private let lock: DirectoryLock
    private let queue: DatabaseQueue
    private let committer: Committer
    /// What was found when the file was checked, until it is loaded or something is committed.
    private let found: Mutex<StoredState?>

    /// Opens the store in a data root, or makes one there, the directory included.
    ///
    /// `beforeCommit` is called on the committer's thread before each COMMIT, for whoever wants to stop or count there.
    public convenience init(
        directory: String, logger: Logger, beforeCommit: @escaping @Sendable () -> Void = {}
    ) throws(StoreError) {
        try self.init(directory: directory, logger: logger, busyTimeout: 5, beforeCommit: beforeCommit)
    }

    init(
        directory: String, logger: Logger, busyTimeout: Double, beforeCommit: @escaping @Sendable () -> Void
    ) throws(StoreError) {
        try Self.makeDirectory(directory)
        path = directory + "/fairlead.db"
        lock = try DirectoryLock(directory: directory)
        let file = StoreFile(path: path)
        found = Mutex(try file.prepare())
        queue = try Self.open(file, busyTimeout: busyTimeout)
        committer = Committer(queue: queue, path: path, logger: logger, beforeCommit: beforeCommit)
    }

    deinit { committer.stop() }

    /// All that is stored.
    public func load() throws(StoreError) -> StoredState {
        let state = found.withLock { found in
            defer { found = nil }
            return found
        }
        if let state { return state }
        return try read { try StoredState.load(from: $0) }
    }

    /// Only the settings: what has to be known before there is anybody to load the rest for.
    public func settings() throws(StoreError) -> [String: String] {
        try read { try SettingRows.load($0) }
    }

    private func read<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        do {
            return try queue.read(body)
        } catch let error as RowError {
            throw StoreError.damaged(path, error.description)
        } catch {
            throw StoreError(.system, "cannot read \(path): \(describe(error))")
        }
    }

    /// Makes the changes last, all of them or none, and returns when they do. Requests that wait at the same time share
    /// one transaction; each fails alone.
    ///
    /// Throws `system` with `<object>: <the store's text>`. After a COMMIT that fails, further ones are refused until it
    /// is certain that a crash can't bring the failed changes back.
    public func commit(_ writes: [Write], for object: String) async throws(EngineError) {
        found.withLock { $0 = nil }
        let result = await withCheckedContinuation { continuation in
            committer.submit(Committer.Request(writes: writes, object: object) { continuation.resume(returning: $0) })
        }
        try result.get()
    }

    /// How many transactions were committed, and how many requests they carried.
    public var statistics: (commits: Int, requests: Int) { committer.statistics }

    /// Writes a copy of the store, as of now, to a path; replaces a file that is there. Commits go on meanwhile.
    public func backup(to destination: String) throws(StoreError) {
        let draft = destination + ".new"
        unlink(draft)
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            let file = Glibc.open(draft, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
            guard file >= 0 else { throw systemError("create", draft) }
            Glibc.close(file)
            let source = try DatabaseQueue(path: path, configuration: configuration)
            try source.inDatabase { try $0.execute(sql: "VACUUM INTO ?", arguments: [draft]) }
            try source.close()
            try StoreFile.sync(draft)
            guard rename(draft, destination) == 0 else { throw systemError("create", destination) }
            try StoreFile.syncDirectory(of: destination)
        } catch {
            unlink(draft)
            if let error = error as? StoreError { throw error }
            throw StoreError(.system, "cannot back up \(path) to \(destination): \(describe(error))")
        }
    }

    /// Commits what is queued, then closes the file; later commits are refused.
    public func close() {
        committer.stop()
        // A close that fails leaves a WAL that the next start reads.
        try? queue.close()
        lock.release()
    }

    private static func open(_ file: StoreFile, busyTimeout: Double) throws(StoreError) -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(busyTimeout)
        configuration.label = "fairlead.store"
        // Else GRDB ends the process should a transaction ever be left open; the committer looks itself.
        configuration.allowsUnsafeTransactions = true
        do {
            let queue = try DatabaseQueue(path: file.path, configuration: configuration)
            try queue.writeWithoutTransaction { database in
                let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
                guard mode == "wal" else { throw StoreError(.system, "the file system of \(file.path) can't do WAL") }
                try database.execute(sql: "PRAGMA synchronous = FULL")
                try Schema.migrate(database, from: try Schema.version(of: database))
            }
            return queue
        } catch let error as StoreError {
            throw error
        } catch {
            throw file.failure("open", error)
        }
    }

    private static func makeDirectory(_ directory: String) throws(StoreError) {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StoreError(.system, "cannot make the directory \(directory): \(error.localizedDescription)")
        }
    }
}
