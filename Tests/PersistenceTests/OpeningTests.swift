import GRDB
import Glibc
import NetworkModel
import Testing

@testable import Persistence

@Suite struct OpeningTests {
    /// A closed store with a network in it, and its bytes.
    private func closedStore() async throws -> (directory: TemporaryDirectory, bytes: [UInt8]) {
        let directory = try TemporaryDirectory()
        let store = try directory.open()
        try await store.commit([.putNetwork(network(1))], for: "n")
        store.close()
        return (directory, try contents(directory.store))
    }

    /// Expects a refusal of that kind, with the path in it, that leaves the file as it is.
    private func expectRefusal(_ directory: TemporaryDirectory, _ kind: StoreError.Kind, _ text: String) throws {
        let before = try contents(directory.store)
        let error = #expect(throws: StoreError.self) { try directory.open() }
        #expect(error?.kind == kind)
        #expect(error?.message.contains(directory.store) == true)
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
        #expect(try contents(directory.store) == before)
    }

    @Test func aNewStore() throws {
        let directory = try TemporaryDirectory()
        let nested = directory.path + "/data"
        let store = try Store(directory: nested, logger: quiet)
        defer {
            for name in TemporaryDirectory.names(nested) { unlink(nested + "/" + name) }
            rmdir(nested)
        }
        #expect(try store.load() == StoredState())
        #expect(store.path == nested + "/fairlead.db")
        for name in ["fairlead.db", "fairlead.db-wal", "fairlead.db-shm"] {
            var status = stat()
            #expect(lstat(nested + "/" + name, &status) == 0)
            #expect(status.st_mode & 0o7777 == 0o600, "\(name)")
        }
        let pragmas = try outsider(store.path).read { database in
            try ["journal_mode", "application_id", "user_version"].map {
                try String.fetchOne(database, sql: "PRAGMA \($0)")
            }
        }
        #expect(pragmas == ["wal", "1179406916", "1"])
    }

    @Test func oneDaemonADataRoot() throws {
        let directory = try TemporaryDirectory()
        let store = try directory.open()
        let error = #expect(throws: StoreError.self) { try directory.open() }
        #expect(error?.kind == .inUse)
        #expect(error?.message.contains(directory.path) == true)
        withExtendedLifetime(store) {}
    }

    @Test func newerStoresAreRefused() async throws {
        let (directory, _) = try await closedStore()
        try await outsider(directory.store).write { try $0.execute(sql: "PRAGMA user_version = 9") }
        try expectRefusal(directory, .newer, "store version 9, this one knows up to 1")
    }

    /// The newer version is in the WAL alone, as after a crash.
    @Test func newerStoresAreRefusedBeforeACheckpoint() async throws {
        let (directory, _) = try await closedStore()
        let other = try outsider(directory.store)
        try await other.write { try $0.execute(sql: "PRAGMA user_version = 9") }
        #expect(throws: StoreError.self) { try directory.open() }
        try other.close()
    }

    @Test func otherProgramsDatabasesAreRefused() throws {
        let directory = try TemporaryDirectory()
        let other = try outsider(directory.store)
        try other.write { try $0.execute(sql: "CREATE TABLE t (x); INSERT INTO t VALUES (1)") }
        try other.close()
        try expectRefusal(directory, .foreign, "another program's database")
        #expect(TemporaryDirectory.names(directory.path) == ["fairlead.db", "fairlead.lock"])
    }

    @Test func textIsRefused() throws {
        let directory = try TemporaryDirectory()
        try write(Array(String(repeating: "not a database\n", count: 20).utf8), to: directory.store)
        try expectRefusal(directory, .foreign, "no SQLite database")
    }

    @Test(arguments: [0, 50, 100, 4096, 5000, -4096])
    func truncatedStoresAreRefused(length: Int) async throws {
        let (directory, bytes) = try await closedStore()
        try write(Array(bytes.prefix(length < 0 ? bytes.count + length : length)), to: directory.store)
        try expectRefusal(directory, .damaged, "restore a backup")
    }

    @Test func overwrittenPagesAreRefused() async throws {
        let (directory, bytes) = try await closedStore()
        var damaged = bytes
        for index in 4096..<bytes.count { damaged[index] = UInt8(truncatingIfNeeded: index &* 31) }
        try write(damaged, to: directory.store)
        try expectRefusal(directory, .damaged, "restore a backup")
    }

    @Test func unexpectedValuesAreNamed() async throws {
        let (directory, _) = try await closedStore()
        try await outsider(directory.store).write { try $0.execute(sql: "UPDATE network SET labels = 'x'") }
        try expectRefusal(directory, .damaged, "column labels")
    }

    /// What a killed daemon leaves: database and WAL, no clean close.
    @Test func aCopyOfAnOpenStoreHasEverything() async throws {
        let (directory, copy) = (try TemporaryDirectory(), try TemporaryDirectory())
        let store = try directory.open()
        try await store.commit([.putNetwork(network(1))], for: "n")
        for suffix in ["", "-wal"] {
            try write(try contents(directory.store + suffix), to: copy.store + suffix)
        }
        #expect(try copy.open().load().networks == [network(1)])
    }

    @Test func backupsAreStores() async throws {
        let (directory, other) = (try TemporaryDirectory(), try TemporaryDirectory())
        let store = try directory.open()
        try await store.commit([.putNetwork(network(1))], for: "n")
        try store.backup(to: other.store)
        try await store.commit([.putNetwork(network(2))], for: "n")
        let restored = try other.open()
        #expect(try restored.load().networks == [network(1)])
        restored.close()
        try store.backup(to: other.store)
        #expect(try other.open().load().networks == [network(1), network(2)])
    }

    @Test func aDraftOfACrashedStartIsReplaced() throws {
        let directory = try TemporaryDirectory()
        try write(Array("half".utf8), to: directory.store + ".new")
        #expect(try directory.open().load() == StoredState())
        #expect(!TemporaryDirectory.names(directory.path).contains("fairlead.db.new"))
    }
}
