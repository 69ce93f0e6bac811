public import Dataplane
public import Kernel

/// What the Reconciler asks of the kernel. The real one is `KernelWorkers`; tests put a model in its place.
public protocol KernelBackend: Sendable {
    /// Runs a plan's steps in order. If one is refused, those before it are undone.
    func execute(_ plan: Plan) async throws(KernelError)

    /// Restores rules by steps that concern nothing else, so that nothing passes any more that they stop.
    ///
    /// - Parameters:
    ///   - steps: `repairTable` and those of elements.
    ///   - isUnwanted: which connections they would not let begin; those are ended.
    /// - Returns: what was wrong, and how many connections ended.
    /// - Throws: `KernelError` when it is refused.
    func restoreRules(
        _ steps: [Step], ending isUnwanted: @escaping @Sendable (Connection) -> Bool
    ) async throws(KernelError) -> RuleRestoration

    /// A fresh look at what is ours, and at those of `request`'s things that are not.
    func observe(_ request: ObservationRequest) async throws(KernelError) -> State
}

/// What of the kernel an observation has to show besides all that is known to be ours.
public struct ObservationRequest: Sendable {
    /// Namespaces to look into, the daemon's aside.
    public var namespaces: Set<Namespace>
    /// Adopted bridges: links that a desired state says something about without owning them.
    public var foreignLinks: Set<LinkID>
    /// Links of ours by name: one that was created but has no alias yet is known by that.
    public var ownLinks: Set<LinkID>
    /// Addresses that count although somebody else may have set them.
    public var addresses: Set<AddressSpec>
    public var sysctls: Set<SysctlID>
    /// If set, only what it names matters, and nothing else need be looked at.
    public var scope: State?

    public init(
        namespaces: Set<Namespace> = [], foreignLinks: Set<LinkID> = [], ownLinks: Set<LinkID> = [],
        addresses: Set<AddressSpec> = [], sysctls: Set<SysctlID> = []
    ) {
        self.namespaces = namespaces
        self.foreignLinks = foreignLinks
        self.ownLinks = ownLinks
        self.addresses = addresses
        self.sysctls = sysctls
    }

    /// Whatever is needed to compare with `desired`.
    public init(for desired: State) {
        namespaces = Set(desired.links.keys.map(\.namespace)).subtracting([.daemon])
        foreignLinks = Set(desired.links.values.filter { $0.kind == .foreign }.map(\.id))
        ownLinks = Set(desired.links.values.filter(\.isOwned).map(\.id))
        addresses = desired.addresses
        sysctls = Set(desired.sysctls.keys)
    }

    /// Only that part of the kernel's state.
    public init(only scope: State) {
        self.init(for: scope)
        self.scope = scope
    }
}
