import HTTPServer
import Logging
import ServiceLifecycle
import Supervision

/// The sockets, open for as long as the daemon runs.
struct HTTPService: Service {
    /// What runs at the end may finish for so long: changes take far less, and a wait for a container never ends by itself.
    private static let grace = Duration.seconds(4)

    let server: Server
    let notifier: ServiceNotifier
    let descriptors: DescriptorStore
    let logger: Logger

    func run() async throws {
        try server.start()
        notifier.tell(.ready)
        logger.info("the daemon has completed its start", metadata: ["version": "\(FairleadVersion.text)"])
        try? await gracefulShutdown()
        notifier.tell(.stopping)
        await server.stop(grace: Self.grace, keepsSockets: descriptors.isHolding)
    }
}
