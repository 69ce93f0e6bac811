import Addressing
import Engine
import FoundationEssentials
import Logging
import NetworkModel
import OrderedCollections
import Persistence
import Reconciler

/// An Engine over a store in a directory of its own and a model of the kernel.
final class Testbed {
    let directory: String
    let kernel: ModelKernel
    let platform: ModelPlatform
    private(set) var store: Store
    private(set) var engine: Engine
    private var configuration: EngineConfiguration

    init(_ adjust: (inout EngineConfiguration) -> Void = { _ in }) async throws {
        directory = NSTemporaryDirectoryPath.make()
        var configuration = EngineConfiguration(dataRoot: directory, execRoot: "/run/test")
        adjust(&configuration)
        self.configuration = configuration
        kernel = ModelKernel()
        platform = ModelPlatform()
        (store, engine) = try Self.open(directory, kernel, platform, configuration)
        try await engine.boot()
    }

    deinit {
        store.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// A new daemon on the same store and kernel.
    func restart(_ adjust: (inout EngineConfiguration) -> Void = { _ in }) async throws {
        adjust(&configuration)
        store.close()
        (store, engine) = try Self.open(directory, kernel, platform, configuration)
        try await engine.boot()
    }

    private static func open(
        _ directory: String, _ kernel: ModelKernel, _ platform: ModelPlatform, _ configuration: EngineConfiguration
    ) throws -> (Store, Engine) {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let store = try Store(directory: directory, logger: logger)
        let engine = try Engine(
            store: store, reconciler: Reconciler(backend: kernel, logger: logger), platform: platform,
            configuration: configuration, host: HostDescription(id: "host", name: "host", serverVersion: "0"),
            logger: logger)
        return (store, engine)
    }

    @discardableResult
    func network(
        _ name: String, subnet: String? = nil, _ adjust: (inout NetworkRequest) -> Void = { _ in }
    ) async throws -> Network {
        var request = NetworkRequest(name: name)
        if let subnet { request.ipam = NetworkRequest.IPAM(config: [IPAMConfig(subnet: IPPrefix(subnet)!)]) }
        adjust(&request)
        let id = try await engine.createNetwork(request).id
        return engine.snapshot.networks[id]!.network
    }

    @discardableResult
    func container(
        _ name: String, on networks: [String] = [], start: Bool = true,
        _ adjust: (inout ContainerRequest) -> Void = { _ in }
    ) async throws -> ObjectID {
        var attachments: OrderedDictionary<String, EndpointSettings> = [:]
        for network in networks { attachments[network] = EndpointSettings() }
        var host = HostConfig()
        if let first = networks.first { host.networkMode = NetworkMode(first) }
        var request = ContainerRequest(name: name, config: ContainerConfig(), host: host, attachments: attachments)
        adjust(&request)
        let id = try await engine.createContainer(request).id
        if start {
            try await engine.startContainer(name)
            if let sandbox = engine.snapshot.containers[id]?.container.sandbox, !sandbox.isAdopted {
                platform.setIdentity("boot/cookie:\(id.short)", of: sandbox.path)
            }
        }
        return id
    }

    func addresses(_ container: String) throws -> [String] {
        try engine.snapshot.container(container).endpoints.flatMap { $0.addresses.map { "\($0)" } }
    }
}

private enum NSTemporaryDirectoryPath {
    static func make() -> String {
        let path = FileManager.default.temporaryDirectory.path + "/fairlead-\(UUID().uuidString)"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }
}
