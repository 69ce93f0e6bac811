import Foundation
import GRDB
import Logging
import Steps

/// One transaction for many requests, on the thread that owns the store's connection.
struct CommitGroup {
    let queue: DatabaseQueue
    let path: String
    let logger: Logger
    let beforeCommit: @Sendable () -> Void
    /// A COMMIT failed, and a crash might still bring its changes back: its frames may be in the WAL.
    private var isUncertain = false

    init(queue: DatabaseQueue, path: String, logger: Logger, beforeCommit: @escaping @Sendable () -> Void) {
        self.queue = queue
        self.path = path
        self.logger = logger
        self.beforeCommit = beforeCommit
    }

    struct Outcomes {
        /// Why each request failed; nil: it is committed.
        var failures: [String?]
        var commits = 0
    }

    mutating func commit(_ requests: [[Write]]) -> Outcomes {
        var outcomes = Outcomes(failures: Array(repeating: nil, count: requests.count))
        if isUncertain, let reason = discardFrames() {
            let refusal = "the store refuses changes until an earlier failure is settled: \(reason)"
            return Outcomes(failures: Array(repeating: refusal, count: requests.count))
        }
        var pending = Array(requests.indices)
        while !pending.isEmpty {
            let attempt = queue.writeWithoutTransaction { database in
                Self.attempt(pending, of: requests, in: database, beforeCommit: beforeCommit)
            }
            for (index, reason) in attempt.failures { outcomes.failures[index] = reason }
            switch attempt.end {
            case .committed:
                outcomes.commits += 1
                return outcomes
            case .empty:
                return outcomes
            case .rolledBack:
                // The guilty one is among the failures; the others are redone.
                pending.removeAll { attempt.failures[$0] != nil }
            case .commitFailed(let reason):
                isUncertain = true
                settle()
                let warning = isUncertain ? " (and whether the change is undone after a crash is not sure yet)" : ""
                for index in pending where attempt.failures[index] == nil {
                    outcomes.failures[index] = reason + warning
                }
                return outcomes
            }
        }
        return outcomes
    }

    private struct Attempt {
        enum End {
            case committed
            /// No request was left to commit.
            case empty
            /// SQLite took the whole transaction back in the middle.
            case rolledBack
            case commitFailed(String)
        }

        var failures: [Int: String] = [:]
        var end = End.committed
    }

    private static func attempt(
        _ pending: [Int], of requests: [[Write]], in database: Database, beforeCommit: () -> Void
    ) -> Attempt {
        var attempt = Attempt()
        rollBack(database)
        do {
            try database.run("BEGIN IMMEDIATE")
        } catch {
            for index in pending { attempt.failures[index] = describe(error) }
            attempt.end = .empty
            return attempt
        }
        for index in pending {
            if let reason = apply(requests[index], in: database) { attempt.failures[index] = reason }
            guard database.isInsideTransaction else {
                attempt.end = .rolledBack
                return attempt
            }
        }
        if attempt.failures.count == pending.count {
            rollBack(database)
            attempt.end = .empty
            return attempt
        }
        do {
            beforeCommit()
            try StepGate.step(.commit, "\(pending.count) requests") { try database.run("COMMIT") }
        } catch {
            rollBack(database)
            attempt.end = .commitFailed(describe(error))
        }
        return attempt
    }

    /// Makes one request's changes, or takes them back and says why. The transaction may be gone afterwards.
    private static func apply(_ writes: [Write], in database: Database) -> String? {
        do {
            try database.run("SAVEPOINT request")
            for write in writes { try write.apply(to: database) }
            try database.run("RELEASE request")
            return nil
        } catch {
            if database.isInsideTransaction {
                do {
                    try database.execute(sql: "ROLLBACK TO request; RELEASE request")
                } catch {
                    // Half a request must not be committed with the others: better all are redone.
                    rollBack(database)
                }
            }
            return describe(error)
        }
    }

    private static func rollBack(_ database: Database) {
        // SQLite ends the transaction even when a ROLLBACK reports an error.
        if database.isInsideTransaction { try? database.execute(sql: "ROLLBACK") }
    }

    /// Tries for a moment to make sure that the failed changes stay away; if that fails, the next request tries again.
    private mutating func settle() {
        for pause in [0.0, 0.02, 0.1] {
            Thread.sleep(forTimeInterval: pause)
            guard let reason = discardFrames() else { return }
            logger.error("a COMMIT failed and its frames can't be discarded yet", metadata: ["reason": "\(reason)"])
        }
    }

    /// Takes a failed COMMIT's frames out of reach of recovery: by emptying the WAL, or by a small commit that
    /// overwrites the first of them, since each frame's checksum builds on the one before
    /// (https://www.sqlite.org/fileformat2.html#walformat). Nil, or why neither worked.
    mutating func discardFrames() -> String? {
        let reason: String? = queue.writeWithoutTransaction { database in
            do {
                let isEmpty = try StepGate.step(.commit, "empty the WAL") {
                    guard try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")?[0] == 0 else {
                        return false
                    }
                    // SQLite doesn't sync the new length.
                    try StoreFile.sync(path + "-wal")
                    return true
                }
                if isEmpty { return nil }
            } catch {
                logger.warning("cannot empty the WAL", metadata: ["reason": "\(describe(error))"])
            }
            do {
                try StepGate.step(.commit, "overwrite a failed commit") {
                    try database.execute(sql: "PRAGMA user_version = \(try Schema.version(of: database))")
                }
                return nil
            } catch {
                return describe(error)
            }
        }
        isUncertain = reason != nil
        return reason
    }
}

extension Write {
    func apply(to database: Database) throws {
        switch self {
        case .putNetwork(let network): try NetworkRows.put(network, in: database)
        case .removeNetwork(let id): try NetworkRows.remove(id, in: database)
        case .putEndpoint(let endpoint): try EndpointRows.put(endpoint, in: database)
        case .removeEndpoint(let id): try EndpointRows.remove(id, in: database)
        case .putContainer(let container): try ContainerRows.put(container, in: database)
        case .removeContainer(let id): try ContainerRows.remove(id, in: database)
        case .setSetting(let key, let value): try SettingRows.set(key, value, in: database)
        }
    }
}
