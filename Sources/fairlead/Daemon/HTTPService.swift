import HTTPServer
import Logging
import ServiceLifecycle

/// The sockets, open for as long as the daemon runs.
struct HTTPService: Service {
    let server: Server
    let notifier: ServiceNotifier
    let logger: Logger

    func run() async throws {
        try server.start()
        notifier.tell(.ready)
        logger.info("the daemon has completed its start", metadata: ["version": "\(FairleadVersion.text)"])
        try? await gracefulShutdown()
        notifier.tell(.stopping)
        await server.stop()
    }
}
