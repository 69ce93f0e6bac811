import GRDB
import Glibc
import NetworkModel
import TestKit
import Testing

@testable import Persistence

/// Stores with a bit turned or their end missing: refused with a line that says what to do, and left as they are; or, where
/// no checksum could tell, opened. Never anything else.
@Suite struct DamageTests {
    /// One of everything and some more, closed: the database alone.
    private static func closedStore() async throws -> [UInt8] {
        let directory = try TemporaryDirectory()
        let store = try directory.open()
        try await fill(store)
        store.close()
        return try contents(directory.store)
    }

    private static func fill(_ store: Store) async throws {
        try await store.commit([.putNetwork(Full.network)], for: "n")
        try await store.commit([.putContainer(Full.container), .putEndpoint(Full.endpoint)], for: "n")
        for number in 10..<40 {
            let pools = [pool("10.\(number).0.0/16", gateway: "10.\(number).0.1")]
            try await store.commit([.putNetwork(network(number, pools: pools))], for: "n")
        }
        try await store.commit([.setSetting("host-id", "abc")], for: "n")
    }

    private enum Outcome {
        case refused
        case loads(StoredState)
    }

    /// Opens what was put there. A refusal has to be one line with the path and advice, and to leave every file as it was.
    private func outcome(_ directory: TemporaryDirectory, _ what: String) throws -> Outcome {
        let names = TemporaryDirectory.names(directory.path)
        let files = ["", "-wal"].map { directory.store + $0 }.filter { access($0, F_OK) == 0 }
        let before = try files.map { try contents($0) }
        do {
            let store = try directory.open()
            let state = try store.load()
            store.close()
            return .loads(state)
        } catch let error as StoreError {
            #expect(error.message.contains(directory.store), "\(what): \(error)")
            #expect(!error.message.contains("\n"), "\(what): \(error)")
            #expect([.damaged, .foreign, .newer].contains(error.kind), "\(what): \(error)")
            let hasAdvice = ["restore a backup", "move it away"].contains { error.message.contains($0) }
            #expect(hasAdvice, "\(what): \(error)")
            let after = Set(TemporaryDirectory.names(directory.path)).subtracting(["fairlead.lock"])
            #expect(after == Set(names).subtracting(["fairlead.lock"]), "\(what)")
            #expect(try files.map { try contents($0) } == before, "\(what): \(error)")
            return .refused
        }
    }

    private func flip(_ bytes: [UInt8], _ offset: Int, _ bit: Int) -> [UInt8] {
        var bytes = bytes
        bytes[offset] ^= 1 << bit
        return bytes
    }

    @Test(.timeLimit(.minutes(3))) func aTurnedBit() async throws {
        let bytes = try await Self.closedStore()
        let directory = try TemporaryDirectory()
        var generator = Seeded(7)
        var refused = 0
        var unseen = 0
        let pages = bytes.count / 4096
        // The header, the schema's page, and of each other page the head and a few places.
        var offsets = Array(0..<100) + (0..<40).map { _ in Int.random(in: 100..<4096, using: &generator) }
        for page in 1..<pages {
            offsets += stride(from: 0, to: 12, by: 2).map { page * 4096 + $0 }
            offsets += (0..<4).map { _ in page * 4096 + Int.random(in: 0..<4096, using: &generator) }
        }
        for offset in offsets {
            let bit = Int.random(in: 0..<8, using: &generator)
            for suffix in ["-wal", "-shm"] { unlink(directory.store + suffix) }
            try write(flip(bytes, offset, bit), to: directory.store)
            switch try outcome(directory, "bit \(bit) of byte \(offset)") {
            case .refused: refused += 1
            case .loads(let state):
                unseen += 1
                #expect(state.networks.count == 31 && state.endpoints.count == 1 && state.containers.count == 1)
            }
        }
        #expect(refused > offsets.count / 4, "\(refused) of \(offsets.count), \(unseen) unseen")
    }

    @Test(.timeLimit(.minutes(3))) func aMissingEnd() async throws {
        let bytes = try await Self.closedStore()
        let directory = try TemporaryDirectory()
        var lengths = [0, 1, 15, 16, 50, 99, 100, 101, 512, bytes.count - 1, bytes.count - 512]
        lengths += stride(from: 4096, to: bytes.count, by: 4096)
        for length in lengths {
            try write(Array(bytes.prefix(length)), to: directory.store)
            guard case .refused = try outcome(directory, "\(length) bytes") else {
                Issue.record("\(length) of \(bytes.count) bytes were taken for a store")
                continue
            }
        }
    }

    /// A killed daemon's database and log.
    private func crashed() async throws -> (database: [UInt8], log: [UInt8], state: StoredState) {
        let directory = try TemporaryDirectory()
        let store = try directory.open()
        try await Self.fill(store)
        return (try contents(directory.store), try contents(directory.store + "-wal"), try store.load())
    }

    /// Commits that were synced before the one that follows them can't have been cut short by a crash: damage there is
    /// told, and not taken for the log's end.
    @Test(.timeLimit(.minutes(3))) func aTurnedBitInTheLog() async throws {
        let (database, log, state) = try await crashed()
        let directory = try TemporaryDirectory()
        var generator = Seeded(8)
        let frame = 4096 + 24
        let commits = (0..<(log.count - 32) / frame).filter { index in
            let start = 32 + index * frame
            return log[(start + 4)..<(start + 8)].contains { $0 != 0 }
        }
        #expect(commits.count > 30)
        let last = commits[commits.count - 2] + 1  // The last commit's first frame.
        var offsets = Array(0..<32)
        // In turn a frame's page number, commit mark, salts, checksums, page.
        offsets += (0..<last).map { index in
            32 + index * frame + [0, 5, 9, 13, 17, 21, 24 + Int.random(in: 0..<4096, using: &generator)][index % 7]
        }
        for offset in offsets {
            for suffix in ["-wal", "-shm"] { unlink(directory.store + suffix) }
            try write(database, to: directory.store)
            try write(flip(log, offset, Int.random(in: 0..<8, using: &generator)), to: directory.store + "-wal")
            guard case .refused = try outcome(directory, "byte \(offset) of the log") else {
                Issue.record("byte \(offset) of the log isn't missed")
                continue
            }
        }
        // Any end of the log may be what a crash has left: what is whole counts.
        let some = 32 + frame * commits[3]
        for length in [0, 10, 32, 33, some, some + frame, log.count - frame, log.count - 1] {
            for suffix in ["-wal", "-shm"] { unlink(directory.store + suffix) }
            try write(database, to: directory.store)
            try write(Array(log.prefix(length)), to: directory.store + "-wal")
            guard case .loads(let rest) = try outcome(directory, "\(length) bytes of the log") else {
                Issue.record("\(length) bytes of the log are refused")
                continue
            }
            #expect(Set(rest.networks.map(\.id)).isSubset(of: state.networks.map(\.id)))
        }
    }

    /// What SQLite can't know is wrong, but no Fairlead has written: the row is named.
    @Test(arguments: [
        ("UPDATE network SET labels = 'x' WHERE name = 'n20'", "name \"n20\"", "column labels"),
        ("UPDATE network SET name = CAST(X'6EFF' AS TEXT) WHERE name = 'n20'", "network id", "column name"),
        ("UPDATE container SET status = 'runninh'", "container id", "column status"),
        ("UPDATE container SET attachments = replace(attachments, '1.0.5', '1.0x5')", "name \"app\"", "10.1.0x5"),
        ("UPDATE endpoint SET gateways = '[\"10.1.0.9]'", "endpoint id", "column gateways"),
        ("UPDATE endpoint SET network = replace(network, '1', '9')", "endpoint id", "there is no network"),
        ("UPDATE endpoint SET container = replace(container, '2', '9')", "endpoint id", "there is no container"),
        ("DELETE FROM subnet WHERE hex(first) LIKE '%FFFF0A140000'", "address of network", "no such subnet"),
        ("DELETE FROM network WHERE name = 'n20'", "subnet of network", "no such network"),
        ("DROP TRIGGER address_taken", "address_taken", "definition"),
    ])
    func impossibleRowsAreNamed(sql: String, row: String, reason: String) async throws {
        let directory = try TemporaryDirectory()
        try write(try await Self.closedStore(), to: directory.store)
        let other = try outsider(directory.store)
        try await other.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
            try database.execute(sql: sql)
        }
        try other.close()
        let before = try contents(directory.store)
        let error = #expect(throws: StoreError.self) { try directory.open() }
        #expect(error?.kind == .damaged)
        let message = error?.message ?? ""
        #expect(message.contains(row) && message.contains(reason), "\(message)")
        #expect(try contents(directory.store) == before)
        #expect(TemporaryDirectory.names(directory.path) == ["fairlead.db", "fairlead.lock"])
    }

    @Test func otherThingsUnderItsName() throws {
        for text in ["", String(repeating: "hello\n", count: 99)] {
            let directory = try TemporaryDirectory()
            try write(Array(text.utf8), to: directory.store)
            guard case .refused = try outcome(directory, "text") else {
                Issue.record("\(text) is taken for a store")
                continue
            }
        }
        let directory = try TemporaryDirectory()
        #expect(mkdir(directory.store, 0o700) == 0)
        defer { rmdir(directory.store) }
        let error = #expect(throws: StoreError.self) { try directory.open() }
        #expect(error?.kind == .foreign && error?.message.contains("move it away") == true)
    }
}
