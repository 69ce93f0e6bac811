import GRDB
import NetworkModel
import Synchronization
import Testing

@testable import Persistence

@Suite struct CommitTests {
    /// While another connection holds the write lock, everything after the first request gathers: two COMMITs do for all.
    @Test(.timeLimit(.minutes(1))) func thoseWhoWaitTogetherShareACommit() async throws {
        let directory = try TemporaryDirectory()
        let counted = Mutex(0)
        let store = try directory.open(busyTimeout: 30) { counted.withLock { $0 += 1 } }
        let other = try outsider(directory.store)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...50 {
                group.addTask { try await store.commit([.putNetwork(network(number))], for: "n") }
            }
            try await Task.sleep(for: .milliseconds(300))
            try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
            try await group.waitForAll()
        }
        #expect(try store.load().networks.count == 50)
        #expect(counted.withLock { $0 } <= 3)
        #expect(store.statistics.requests == 50)
        #expect(store.statistics.commits == counted.withLock { $0 })
    }

    /// In one transaction: those before and after the guilty one are kept, of the guilty one nothing is.
    @Test func aFailingRequestFailsAlone() throws {
        let (directory, group) = try openGroup()
        var commits = group
        let outcomes = commits.commit([
            [.putNetwork(network(1, name: "a"))],
            [.putNetwork(network(2, name: "b")), .putNetwork(network(3, name: "a")), .putNetwork(network(4))],
            [.putNetwork(network(5))],
        ])
        #expect(outcomes.commits == 1)
        #expect(outcomes.failures == [nil, "UNIQUE constraint failed: network.name", nil])
        #expect(try names(directory) == ["a", "n5"])
    }

    /// ROLLBACK in a trigger stands for what makes SQLite take back a whole transaction: full disks, I/O errors.
    @Test func afterAWholeRollbackTheOthersAreRedone() throws {
        let (directory, group) = try openGroup()
        try group.queue.writeWithoutTransaction { database in
            try database.execute(
                sql: """
                    CREATE TRIGGER guilty BEFORE INSERT ON network WHEN NEW.name = 'guilty'
                    BEGIN SELECT RAISE(ROLLBACK, 'all is lost'); END
                    """)
        }
        var commits = group
        let outcomes = commits.commit([
            [.putNetwork(network(1))], [.putNetwork(network(2, name: "guilty"))], [.putNetwork(network(3))],
            [.putNetwork(network(4)), .putNetwork(network(5, name: "guilty"))], [.putNetwork(network(6))],
        ])
        #expect(outcomes.failures == [nil, "all is lost", nil, "all is lost", nil])
        #expect(outcomes.commits == 1)
        #expect(try names(directory) == ["n1", "n3", "n6"])
    }

    /// A limit on the pages fails the statement that needs one more; what fits, later, is taken again.
    @Test func aFullStoreRefusesAndRecovers() throws {
        let (directory, group) = try openGroup()
        try group.queue.writeWithoutTransaction { database in
            let pages = try #require(try Int.fetchOne(database, sql: "PRAGMA page_count"))
            try database.execute(sql: "PRAGMA max_page_count = \(pages + 2)")
        }
        var commits = group
        let large: [Write] = (10..<200).map {
            .putNetwork(network($0, name: String(repeating: "x", count: 900) + "\($0)"))
        }
        let outcomes = commits.commit([[.putNetwork(network(1))], large, [.putNetwork(network(2))]])
        #expect(outcomes.failures == [nil, "database or disk is full", nil])
        #expect(try names(directory) == ["n1", "n2"])
        try group.queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 100000") }
        #expect(commits.commit([large]).failures == [nil])
        #expect(try names(directory).count == 192)
    }

    /// What a COMMIT whose fsync failed leaves: frames that recovery would take, which this process doesn't count. They
    /// are made by another connection in a copy, and appended to our WAL.
    @Test(arguments: [false, true]) func framesOfAFailedCommitAreDiscarded(withReader: Bool) throws {
        let (directory, group) = try openGroup()
        var commits = group
        #expect(commits.commit([[.putNetwork(network(1))]]).failures == [nil])
        let ghost = try copy(directory)
        let other = try outsider(ghost.store)
        try other.write { try $0.execute(sql: "UPDATE network SET name = 'ghost'") }
        let (ours, theirs) = try (contents(directory.store + "-wal"), contents(ghost.store + "-wal"))
        #expect(theirs.starts(with: ours))
        try write(theirs, to: directory.store + "-wal")
        // So the danger is real.
        #expect(try names(copy(directory)) == ["ghost"])

        // A reader keeps the WAL from being emptied.
        let reader = try outsider(directory.store)
        if withReader {
            _ = try reader.writeWithoutTransaction { database in
                try database.execute(sql: "BEGIN")
                return try Int.fetchOne(database, sql: "SELECT count(*) FROM network")
            }
        }
        #expect(commits.discardFrames() == nil)
        #expect(try contents(directory.store + "-wal").isEmpty != withReader)
        #expect(try names(copy(directory)) == ["n1"])
        #expect(commits.commit([[.putNetwork(network(2))]]).failures == [nil])
        #expect(try names(copy(directory)) == ["n1", "n2"])
    }

    /// Database and WAL as a crash would leave them.
    private func copy(_ directory: TemporaryDirectory) throws -> TemporaryDirectory {
        let copy = try TemporaryDirectory()
        for suffix in ["", "-wal"] { try write(try contents(directory.store + suffix), to: copy.store + suffix) }
        return copy
    }

    @Test func aLockedStoreFailsInTime() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.open(busyTimeout: 0.1)
        let other = try outsider(directory.store)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        await #expect(throws: EngineError(.system, "network n1: database is locked")) {
            try await store.commit([.putNetwork(network(1))], for: "network n1")
        }
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try await store.commit([.putNetwork(network(1))], for: "network n1")
    }

    @Test func closedStoresRefuse() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.open()
        store.close()
        store.close()
        await #expect(throws: EngineError(.system, "network n1: the store is closed")) {
            try await store.commit([.putNetwork(network(1))], for: "network n1")
        }
    }

    private func openGroup() throws -> (TemporaryDirectory, CommitGroup) {
        let directory = try TemporaryDirectory()
        try directory.open().close()
        let queue = try outsider(directory.store, busyTimeout: 0.2)
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        return (directory, CommitGroup(queue: queue, path: directory.store, logger: quiet, beforeCommit: {}))
    }

    private func names(_ directory: TemporaryDirectory) throws -> [String] {
        try outsider(directory.store).read { try String.fetchAll($0, sql: "SELECT name FROM network ORDER BY id") }
    }
}
