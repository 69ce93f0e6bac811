import Engine
import NetworkModel
import Synchronization
import Testing

/// What names mean while they change hands.
@Suite struct NameRaceTests {
    @Test func aNameIsLookedUpAgainOnceTheContainerIsFree() async throws {
        let bed = try await Testbed()
        try await bed.network("n", subnet: "10.4.0.0/24")
        let id = try await bed.container("old", on: ["n"])
        let gate = Gate()
        let engine = bed.engine
        bed.kernel.whileExecuting { _ in await gate.wait() }
        // Both wait for the stop, in this order; by the time of the removal, nobody is called so.
        async let stopped: Void = engine.stopContainer("old")
        try await Task.sleep(for: .milliseconds(100))
        async let renamed: Void = engine.renameContainer("old", to: "new")
        try await Task.sleep(for: .milliseconds(100))
        let removal = Task { try await engine.removeContainer("old", force: true) }
        try await Task.sleep(for: .milliseconds(100))
        bed.kernel.whileExecuting(nil)
        gate.open()
        try await stopped
        try await renamed
        await #expect(throws: EngineError(.notFound, "No such container: old")) { try await removal.value }
        #expect(try bed.engine.snapshot.container("new").container.id == id)
    }

    @Test func aRenameIsToldBeforeTheOldNameIsTaken() async throws {
        let bed = try await Testbed()
        try await bed.network("n", subnet: "10.4.0.0/24")
        try await bed.container("old", on: ["n"])
        // The rules' comments are changed after everything else.
        let engine = bed.engine
        let hasRun = Mutex(false)
        bed.kernel.whileExecuting { _ in
            let isFirst = hasRun.withLock { hasRun in
                defer { hasRun = true }
                return !hasRun
            }
            if isFirst {
                _ = try? await engine.createContainer(
                    ContainerRequest(name: "old", config: ContainerConfig(), host: HostConfig(), attachments: [:]))
            }
        }
        try await engine.renameContainer("old", to: "new")
        #expect(hasRun.withLock { $0 })
        let told = bed.engine.events.history(since: .zero).filter { $0.type == "container" }.map(\.action)
        #expect(told.suffix(2) == ["rename", "create"])
    }

    @Test func whatIsWrittenDownForASharedStackMeansNothing() async throws {
        let bed = try await Testbed()
        try await bed.container("owner")
        try await bed.container("guest", start: false) { $0.host.networkMode = .container("owner") }
        try await bed.engine.connect("guest", to: "nowhere", settings: nil)
        try await bed.engine.startContainer("guest")
        #expect(try bed.engine.snapshot.container("guest").container.state.isRunning)
        #expect(try bed.addresses("guest") == [])
    }
}

/// Closed until it is opened for good.
private final class Gate: Sendable {
    private let state = Mutex((isOpen: false, waiting: [CheckedContinuation<Void, Never>]()))

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
