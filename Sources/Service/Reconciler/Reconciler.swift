public import Dataplane
public import Kernel
public import Logging

/// Makes the kernel match what is desired, one object or everything at a time, from a cache of what was observed.
///
/// Level-triggered: a change is a new desired part for some owners; the plan follows from comparing.
public actor Reconciler {
    let backend: any KernelBackend
    let logger: Logger
    var parts = DesiredParts()
    /// What of the kernel is known. An apply changes its own scope of it; only with no apply in between it is replaced.
    var observed = State()
    var traffic = Traffic()
    var backOff = BackOff()

    public init(backend: any KernelBackend, logger: Logger) {
        self.backend = backend
        self.logger = logger
    }

    /// Gives owners new desired parts (nil: none any more) and makes them true in one plan.
    ///
    /// A plan that meets a stale cache is made once more from a fresh observation. If it fails for good, the kernel
    /// is as before and the parts are, too.
    public func apply(_ changes: [Owner: State?], removal: LinkRemoval = .deferred) async throws(KernelError) {
        await enter()
        defer { leave() }
        var old = State()
        var new = State()
        for (owner, part) in changes {
            if let before = parts[owner] { old.merge(before) }
            if let part { new.merge(part) }
        }
        var scope = old
        scope.merge(new)
        try await reach(new, in: scope, removal: removal)
        for (owner, part) in changes { parts[owner] = part }
    }

    /// What a reconcile would do now, from a fresh look at the kernel.
    public func plan() async throws(KernelError) -> Plan {
        // Without stopping anybody, if there is a quiet moment.
        for _ in 0..<2 where traffic.isQuiet {
            let mark = traffic.begun
            let fresh = try await observeAll()
            if traffic.begun == mark {
                observed = fresh
                return Plan(from: observed, to: desired)
            }
        }
        await close()
        defer { open() }
        observed = try await observeAll()
        return Plan(from: observed, to: desired)
    }

    /// Everything that is desired, as one state.
    public var desired: State {
        var all = State()
        for part in parts.values { all.merge(part) }
        return all
    }

    /// Makes the scope what `new` says, and the cache with it.
    ///
    /// - Returns: what was done.
    @discardableResult
    func reach(
        _ new: State, in scope: State, removal: LinkRemoval = .deferred
    ) async throws(KernelError) -> Plan {
        var plan = Plan(from: observed.restricted(to: scope), to: new, removal: removal)
        do {
            try await execute(plan)
        } catch  where error.mayComeFromStaleCache {
            logger.info("observing afresh after a refused step", metadata: ["refusal": "\(error)"])
            try await refresh(scope, after: error)
            let again = Plan(from: observed.restricted(to: scope), to: new, removal: removal)
            guard again.mayFare(betterThan: plan, refused: error) else { throw error }
            plan = again
            try await execute(plan)
        }
        observed.subtract(scope)
        observed.merge(new)
        return plan
    }

    func execute(_ plan: Plan) async throws(KernelError) {
        if !plan.isEmpty { try await backend.execute(plan) }
    }

    /// All that is ours or may have to be compared.
    func observeAll() async throws(KernelError) -> State {
        let request = ObservationRequest(for: desired)
        var state = try await backend.observe(request)
        // Nothing marks a neighbour as ours; those that are not desired go with their link.
        let wanted = desired.neighbours
        state.neighbours = state.neighbours.filter { wanted[$0.key] != nil }
        return state
    }

    /// Brings one scope of the cache up to date; the rules only if it was one of them that was refused.
    func refresh(_ scope: State, after refusal: KernelError) async throws(KernelError) {
        var scope = scope
        if refusal.step?.action.concernsRules != true {
            scope.hasTable = false
            scope.elements = [:]
        }
        let fresh = try await backend.observe(ObservationRequest(only: scope))
        observed.subtract(scope)
        observed.merge(fresh.restricted(to: scope))
    }
}

extension Plan {
    /// Whether it is worth a try after `old` was refused: not if it would do the same again, and nothing more is cleared
    /// out of the way of what is there already.
    fileprivate func mayFare(betterThan old: Plan, refused: KernelError) -> Bool {
        if self == old { return false }
        guard refused.isAlreadyThere, let step = refused.step,
            steps.contains(where: { $0.action == step.action })
        else { return true }
        let removals = Set(old.steps.map(\.action).filter(\.clearsTheWay))
        return steps.contains { $0.action.clearsTheWay && !removals.contains($0.action) }
    }
}

extension Step.Action {
    fileprivate var concernsRules: Bool {
        switch self {
        case .repairTable, .addElement, .replaceElement, .removeElement: true
        default: false
        }
    }

    fileprivate var clearsTheWay: Bool {
        switch self {
        case .removeElement, .removeNamespace, .deleteLink, .doomLink, .removeAddress, .removeRoute: true
        default: false
        }
    }
}
