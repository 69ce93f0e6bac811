import Addressing
import Dataplane
import Engine
import IPAM
import NetworkModel
import Synchronization

/// A machine that forwards, with namespaces wherever a sandbox says there is one.
final class ModelPlatform: HostPlatform {
    let hasIPv6 = true
    let ownPath = "/proc/1/ns/net"
    var ownIdentity: String { memory.withLock(\.own) }

    private struct Memory {
        var own = "boot/cookie:1"
        var isForwarding: Set<AddressFamily> = [.ipv4, .ipv6]
        /// By path.
        var identities: [String: String] = [:]
        var watches: [ObjectID: @Sendable () -> Void] = [:]
        var forgotten: [IPAddress] = []
        var interfaces: [String: ExistingInterface] = [:]
        var names: [String: Set<String>] = [:]
    }

    private let memory = Mutex(Memory())

    var forgotten: [IPAddress] { memory.withLock(\.forgotten) }

    func setOwnIdentity(_ identity: String) { memory.withLock { $0.own = identity } }

    func setForwarding(_ families: Set<AddressFamily>) { memory.withLock { $0.isForwarding = families } }

    func setIdentity(_ identity: String?, of path: String) { memory.withLock { $0.identities[path] = identity } }

    /// The namespace of a sandbox goes.
    func vanish(_ sandbox: ObjectID) { memory.withLock { $0.watches.removeValue(forKey: sandbox) }?() }

    func addressing() async throws(EngineError) -> HostAddressing { HostAddressing() }
    func isForwarding(_ family: AddressFamily) async -> Bool { memory.withLock { $0.isForwarding.contains(family) } }
    func keepRouterAdvertisements() async throws(EngineError) {}
    func identity(of path: String) async -> String? { memory.withLock { $0.identities[path] } }

    func clearPinRests(in directory: String) async {}
    func interface(named name: String) async -> ExistingInterface {
        memory.withLock { $0.interfaces[name] ?? .absent }
    }
    func interfaceNames(in path: String) async -> Set<String> { memory.withLock { $0.names[path] ?? [] } }
    func setInterface(_ name: String, _ interface: ExistingInterface) {
        memory.withLock { $0.interfaces[name] = interface }
    }
    func setNames(_ names: Set<String>, in path: String) { memory.withLock { $0.names[path] = names } }

    func adopt(_ witness: String) async throws(EngineError) -> AdoptedNamespace {
        guard let identity = await identity(of: witness) else {
            throw EngineError(.invalidArgument, "cannot adopt \(witness): no such file or directory")
        }
        return AdoptedNamespace(path: witness, identity: identity, pid: 0)
    }

    func path(leadingTo namespace: String, among paths: [String]) async -> String? {
        memory.withLock { memory in
            paths.first { memory.identities[$0] != nil && memory.identities[$0] == memory.identities[namespace] }
        }
    }

    func forgetConnections(of addresses: [IPAddress]) async { memory.withLock { $0.forgotten += addresses } }
    func announce(_ endpoint: Endpoint, in namespace: Namespace, count: Int, intervalMilliseconds: Int) async {}
    func watch(_ sandbox: Sandbox, onGone: @escaping @Sendable () -> Void) {
        memory.withLock { $0.watches[sandbox.id] = onGone }
    }
    func unwatch(_ sandbox: Sandbox) { memory.withLock { $0.watches[sandbox.id] = nil } }
}
