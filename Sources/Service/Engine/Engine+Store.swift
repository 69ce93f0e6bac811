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
            if due.writes.isEmpty || writes.isEmpty { throw error }
            try await store.commit(writes, for: object)
        }
        owed.drop(writes)
    }

    /// Takes intent back after the kernel has refused it. If the store can't now, it does with the next commit that
    /// succeeds; one is tried again and again for nothing else, so that what was refused doesn't wait for a crash to come back.
    func takeBack(_ writes: [Write], for object: String) async {
        do {
            try await commit(writes, for: object)
        } catch {
            owed.add(writes)
            logger.error(
                "the store still has what the kernel refused; it goes as soon as the store takes changes again",
                metadata: ["object": "\(object)", "error": "\(error)"])
            payLater()
        }
    }

    private func payLater() {
        guard paying == nil else { return }
        paying = Task { [weak self] in
            var pause = Duration.milliseconds(100)
            repeat {
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(5))
            } while await self?.owesStill() == true
        }
    }

    private func owesStill() async -> Bool {
        await payOwed()
        if owed.isEmpty { paying = nil }
        return !owed.isEmpty
    }

    /// Tells the store what it is still owed, if it takes it: before the daemon ends, too.
    public func payOwed() async {
        guard !owed.isEmpty else { return }
        do {
            try await commit([], for: "changes that were taken back")
            logger.notice("the store has let go of what the kernel refused")
        } catch {
            logger.warning("the store still has what the kernel refused", metadata: ["error": "\(error)"])
        }
    }
}
