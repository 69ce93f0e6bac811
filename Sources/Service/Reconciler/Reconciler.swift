public import Dataplane
public import Kernel
public import Logging

/// Makes the kernel match what is desired, one object or everything at a time, from a cache of what was observed.
///
/// Level-triggered: a change is a new desired part for some owners; the plan follows from comparing.
public actor Reconciler {
    private let backend: any KernelBackend
    private let logger: Logger
    private var parts: [Owner: State] = [:]
    private var observed = State()

    public init(backend: any KernelBackend, logger: Logger) {
        self.backend = backend
        self.logger = logger
    }

    /// Adopts what is there, and plans and executes the difference to `desired`: what an earlier run left is found
    /// by comparing.
    ///
    /// - Returns: what had to be done; empty on a host where all was right.
    public func start(_ desired: [Owner: State]) async throws(KernelError) -> Plan {
        parts = desired
        let plan = try await planAfresh()
        if !plan.isEmpty {
            try await backend.execute(plan)
            observed = observed.applying(plan)
        }
        return plan
    }

    /// Gives owners new desired parts (nil: none any more) and makes them true in one plan.
    ///
    /// A plan that meets a stale cache is made once more from a fresh observation. If it fails for good, the kernel
    /// is as before and the parts are, too.
    public func apply(_ changes: [Owner: State?], removal: LinkRemoval = .deferred) async throws(KernelError) {
        var old = State()
        var new = State()
        for (owner, part) in changes {
            if let before = parts[owner] { old.merge(before) }
            if let part { new.merge(part) }
        }
        var scope = old
        scope.merge(new)
        do {
            try await execute(Plan(from: observed.restricted(to: scope), to: new, removal: removal))
        } catch  where error.mayComeFromStaleCache {
            logger.info("observing afresh after a refused step", metadata: ["refusal": "\(error)"])
            try await refresh(scope)
            try await execute(Plan(from: observed.restricted(to: scope), to: new, removal: removal))
        }
        observed.subtract(scope)
        observed.merge(new)
        for (owner, part) in changes { parts[owner] = part }
    }

    /// What a reconcile would do now, from a fresh look at the kernel.
    public func plan() async throws(KernelError) -> Plan {
        try await planAfresh()
    }

    /// Everything that is desired, as one state.
    public var desired: State {
        var all = State()
        for part in parts.values { all.merge(part) }
        return all
    }

    private func execute(_ plan: Plan) async throws(KernelError) {
        if !plan.isEmpty { try await backend.execute(plan) }
    }

    private func planAfresh() async throws(KernelError) -> Plan {
        let desired = desired
        observed = Self.ours(in: try await backend.observe(ObservationRequest(for: desired)), desired)
        return Plan(from: observed, to: desired)
    }

    /// Brings one scope of the cache up to date.
    private func refresh(_ scope: State) async throws(KernelError) {
        let fresh = try await backend.observe(ObservationRequest(for: scope))
        observed.subtract(scope)
        observed.merge(fresh.restricted(to: scope))
    }

    /// Foreign addresses and neighbours on our links are left alone: only what is desired, or goes with its link,
    /// is looked at.
    private static func ours(in observed: State, _ desired: State) -> State {
        var state = observed
        state.addresses.formIntersection(desired.addresses)
        state.neighbours = state.neighbours.filter { desired.neighbours[$0.key] != nil }
        return state
    }
}
