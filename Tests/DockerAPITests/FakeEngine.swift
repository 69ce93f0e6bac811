import Addressing
import DockerAPI
@testable import Engine
import HTTPMessage
import Logging
import NetworkModel
import Synchronization

/// An Engine without store and kernel: shows the snapshot it is given, and notes what it is asked to do.
final class FakeEngine: DockerEngine {
    struct State {
        var snapshot = Snapshot()
        var networkRequests: [NetworkRequest] = []
        var containerRequests: [ContainerRequest] = []
        var endpointSettings: [EndpointSettings?] = []
        var actions: [String] = []
        /// What the next change is refused with.
        var refusal: EngineError?
        var exits: [FakeExit] = []
    }

    let state = Mutex(State())
    let events = EventJournal()
    let host = HostDescription(
        id: "fake", name: "harbour", serverVersion: "0.1.0", kernelVersion: "6.18", architecture: "x86_64", cpus: 2)

    /// What it has been asked so far.
    var seen: State { state.withLock { $0 } }
    var snapshot: Snapshot { seen.snapshot }
    var generation: UInt64 { snapshot.generation }

    private func note(_ action: String) throws(EngineError) {
        let refusal = state.withLock { state in
            state.actions.append(action)
            return state.refusal
        }
        if let refusal { throw refusal }
    }

    func createNetwork(_ request: NetworkRequest) async throws(EngineError) -> (id: ObjectID, warning: String) {
        state.withLock { $0.networkRequests.append(request) }
        try note("create network")
        return (.random(), "")
    }

    func removeNetwork(_ term: String) async throws(EngineError) { try note("remove network \(term)") }

    func connect(_ container: String, to network: String, settings: EndpointSettings?) async throws(EngineError) {
        state.withLock { $0.endpointSettings.append(settings) }
        try note("connect \(container) to \(network)")
    }

    func disconnect(_ container: String, from network: String, force: Bool) async throws(EngineError) {
        try note("disconnect \(container) from \(network)\(force ? " by force" : "")")
    }

    func pruneNetworks(where wanted: @Sendable (Network) -> Bool) async throws(EngineError) -> [String] {
        try note("prune networks")
        return snapshot.networks.values.map(\.network).filter(wanted).map(\.name).sorted()
    }

    func createContainer(
        _ request: ContainerRequest
    ) async throws(EngineError) -> (id: ObjectID, warnings: [String]) {
        state.withLock { $0.containerRequests.append(request) }
        try note("create container")
        return (.random(), [])
    }

    func startContainer(_ term: String) async throws(EngineError) { try note("start \(term)") }
    func stopContainer(_ term: String) async throws(EngineError) { try note("stop \(term)") }
    func restartContainer(_ term: String) async throws(EngineError) { try note("restart \(term)") }
    func killContainer(_ term: String, signal: Int) async throws(EngineError) { try note("kill \(term) \(signal)") }
    func renameContainer(_ term: String, to name: String) async throws(EngineError) {
        try note("rename \(term) to \(name)")
    }
    func removeContainer(_ term: String, force: Bool) async throws(EngineError) {
        try note("remove \(term)\(force ? " by force" : "")")
    }

    func pruneContainers(where wanted: @Sendable (Container) -> Bool) async throws(EngineError) -> [ObjectID] {
        try note("prune containers")
        return snapshot.containers.values.map(\.container).filter(wanted).map(\.id)
    }

    func exit(of term: String, condition: WaitCondition) throws(EngineError) -> any ContainerExit {
        _ = try snapshot.container(term)
        let exit = FakeExit()
        state.withLock { $0.exits.append(exit) }
        return exit
    }
}

/// A wait that the test ends.
final class FakeExit: ContainerExit {
    private let stream = AsyncStream<Int?>.makeStream()

    func value() async -> Int? {
        for await code in stream.stream { return code }
        return nil
    }

    func end(_ code: Int) { stream.continuation.yield(code) }
    func cancel() { stream.continuation.finish() }
}

extension FakeEngine {
    /// Puts a network in, with endpoints for containers that are there already.
    @discardableResult
    func add(_ network: Network, endpoints: [Endpoint] = [], usage: [PoolUsage] = []) -> Network {
        state.withLock { state in
            state.snapshot.generation += 1
            let generation = state.snapshot.generation
            var entry = NetworkEntry(network: network)
            entry.endpoints = endpoints
            entry.usage = usage
            entry.generation = generation
            state.snapshot.insert(entry)
            for endpoint in endpoints {
                guard var container = state.snapshot.containers[endpoint.container] else { continue }
                container.endpoints.append(endpoint)
                container.generation = generation
                state.snapshot.insert(container)
            }
        }
        return network
    }

    @discardableResult
    func add(_ container: Container) -> Container {
        state.withLock { state in
            state.snapshot.generation += 1
            var entry = ContainerEntry(container: container)
            entry.generation = state.snapshot.generation
            state.snapshot.insert(entry)
        }
        return container
    }
}
