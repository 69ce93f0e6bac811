public import Addressing
public import Dataplane
public import IPAM
public import NetworkModel

/// What the Engine asks of the machine besides what a plan does. Tests put a model in its place.
public protocol HostPlatform: Sendable {
    /// What a pool must not be proposed over, read afresh.
    func addressing() async throws(EngineError) -> HostAddressing

    /// Whether the kernel forwards packets of a family.
    func isForwarding(_ family: AddressFamily) async -> Bool

    /// Before IPv6 forwarding is turned on: interfaces that take router advertisements shall go on doing so
    /// (`accept_ra` from 1 to 2, kernel ip-sysctl).
    func keepRouterAdvertisements() async throws(EngineError)

    /// What of that name is in the daemon's namespace, besides our own links.
    func interface(named name: String) async -> ExistingInterface

    /// The names of the interfaces in the namespace at a path; none when it can't be looked into.
    func interfaceNames(in path: String) async -> Set<String>

    /// Removes files in the pins' directory that no namespace is mounted on any more.
    func clearPinRests(in directory: String) async

    /// Boot id and cookie of the namespace at a path; nil when it isn't there.
    func identity(of path: String) async -> String?

    /// Whether the kernel has IPv6 at all.
    var hasIPv6: Bool { get }

    /// Where the daemon's own namespace can be opened from outside: the `SandboxKey` of the host mode.
    var ownPath: String { get }

    /// Boot id and cookie of the daemon's own namespace.
    var ownIdentity: String { get }

    /// Looks at a namespace handed over by its owner.
    ///
    /// - Throws: 400 with the reason when it is none.
    func adopt(_ witness: String) async throws(EngineError) -> AdoptedNamespace

    /// Which of these paths leads to the same namespace; nil for none.
    func path(leadingTo namespace: String, among paths: [String]) async -> String?

    /// Ends the connections of addresses that are no longer an endpoint's.
    func forgetConnections(of addresses: [IPAddress]) async

    /// Tells the neighbours where the endpoint's addresses are now (unsolicited ARP and NA).
    func announce(_ endpoint: Endpoint, in namespace: Namespace, count: Int, intervalMilliseconds: Int) async

    /// Calls `onGone` once when the sandbox's namespace has gone or been swapped.
    func watch(_ sandbox: Sandbox, onGone: @escaping @Sendable () -> Void)
    func unwatch(_ sandbox: Sandbox)
}

/// An existing namespace that a container is to be.
public struct AdoptedNamespace: Sendable, Hashable {
    public let path: String
    public let identity: String
    /// With `pid:N`; 0 without.
    public let pid: Int32

    public init(path: String, identity: String, pid: Int32) {
        self.path = path
        self.identity = identity
        self.pid = pid
    }
}
