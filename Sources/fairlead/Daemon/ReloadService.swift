import Logging
import ServiceLifecycle
import Supervision
import UnixSignals

/// Reloads the configuration on SIGHUP.
struct ReloadService: Service {
    private let reloader: Reloader
    private let notifier: ServiceNotifier
    private let logger: Logger

    init(_ reloader: Reloader, notifier: ServiceNotifier, logger: Logger) {
        self.reloader = reloader
        self.notifier = notifier
        self.logger = logger
    }

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            logger.info("SIGHUP: reading the configuration again")
            notifier.tell(.reloading)
            await reloader.reload()
            notifier.tell(.ready)
        }
    }
}
