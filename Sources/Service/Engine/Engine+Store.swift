import NetworkModel
import Persistence

/// The store, as the use cases write to it.
extension Engine {
    /// Makes changes last. What an earlier failure still owes the store goes first.
    func commit(_ writes: [Write], for object: String) async throws(EngineError) {
        let due = owed.take()
        do {
            try await store.commit(due.writes + writes, for: object)
            owed.settled(due.commit)
        } catch {
            owed.failed(due.commit)
            if due.writes.isEmpty { throw error }
            try await store.commit(writes, for: object)
        }
        owed.drop(writes)
    }

    /// Takes intent back after the kernel has refused it. If the store can't now, the next commit that succeeds does.
    func takeBack(_ writes: [Write], for object: String) async {
        do {
            try await commit(writes, for: object)
        } catch {
            owed.add(writes)
            logger.error(
                "the store still has what the kernel refused; it goes with the next change",
                metadata: ["object": "\(object)", "error": "\(error)"])
        }
    }
}
