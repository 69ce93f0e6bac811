public import Engine
public import NetworkModel

/// What the routes ask of the Engine. The Engine is the one that is used; tests bring their own.
public protocol DockerEngine: Sendable {
    var snapshot: Snapshot { get }
    /// The snapshot's.
    var generation: UInt64 { get }
    var events: EventJournal { get }
    var host: HostDescription { get }

    func createNetwork(_ request: NetworkRequest) async throws(EngineError) -> (id: ObjectID, warning: String)
    func removeNetwork(_ term: String) async throws(EngineError)
    func connect(
        _ container: String, to network: String, settings: EndpointSettings?
    ) async throws(EngineError)
    func disconnect(_ container: String, from network: String, force: Bool) async throws(EngineError)
    func pruneNetworks(where wanted: @Sendable (Network) -> Bool) async throws(EngineError) -> [String]

    func createContainer(
        _ request: ContainerRequest
    ) async throws(EngineError) -> (id: ObjectID, warnings: [String])
    func startContainer(_ term: String) async throws(EngineError)
    func stopContainer(_ term: String) async throws(EngineError)
    func killContainer(_ term: String, signal: Int) async throws(EngineError)
    func restartContainer(_ term: String) async throws(EngineError)
    func renameContainer(_ term: String, to name: String) async throws(EngineError)
    func removeContainer(_ term: String, force: Bool) async throws(EngineError)
    func pruneContainers(where wanted: @Sendable (Container) -> Bool) async throws(EngineError) -> [ObjectID]
    /// Registered when this returns; the exit code comes later.
    func exit(of term: String, condition: WaitCondition) throws(EngineError) -> any ContainerExit
}

/// Somebody's wait for a container's end.
public protocol ContainerExit: Sendable {
    /// The exit code; nil when the wait was cancelled. For one caller.
    func value() async -> Int?
    func cancel()
}
