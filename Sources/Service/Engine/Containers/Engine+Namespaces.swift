public import Dataplane
import NetworkModel

extension Engine {
    /// Whether the namespace at a path is still the one that was handed over there; one of our own making is.
    public func isStill(_ namespace: Namespace) async -> Bool {
        guard case .path(let path) = namespace else { return true }
        let adopted = current.containers.values.compactMap(\.container.sandbox).first {
            $0.isAdopted && $0.path == path
        }
        guard let adopted else { return true }
        return await platform.identity(of: path) == adopted.identity
    }
}
