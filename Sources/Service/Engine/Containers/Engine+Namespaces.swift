public import Dataplane
import NetworkModel

extension Engine {
    /// Whether the namespace at a path is still the one that was handed over there; one of our own making is. The
    /// container in one that isn't has ended.
    public func isStill(_ namespace: Namespace) async -> Bool {
        guard case .adopted(let path, let identity) = namespace else { return true }
        if await platform.identity(of: path) == identity { return true }
        if let id = adopted[identity], let sandbox = current.containers[id]?.container.sandbox?.id {
            Task { await self.sandboxVanished(id, sandbox) }
        }
        return false
    }
}
