import Reconciler
import ServiceLifecycle

/// Restores what is lost in the kernel, until the daemon stops.
struct HealingService: Service {
    let healer: Healer

    func run() async throws {
        await cancelWhenGracefulShutdown { await healer.run() }
    }
}
