public import Dataplane
public import Kernel

/// What became of a start.
public struct StartOutcome: Sendable {
    /// What was done; empty on a host where all was right.
    public var plan: Plan
    /// The units that the kernel refused. Nothing is desired of them any more, and what was there of them is gone.
    /// Without owners: what nobody owns and yet would not go.
    public var refused: [(owners: [Owner], error: KernelError)]

    public init(plan: Plan = Plan(), refused: [(owners: [Owner], error: KernelError)] = []) {
        self.plan = plan
        self.refused = refused
    }
}

extension Reconciler {
    /// Adopts what is there, and plans and executes the difference to `desired`: what an earlier run left is found
    /// by comparing.
    ///
    /// - Returns: what had to be done; empty on a host where all was right.
    /// - Throws: `KernelError` when any of it is refused; then the kernel is as before.
    @discardableResult
    public func start(_ desired: [Owner: State]) async throws(KernelError) -> Plan {
        await close()
        defer { open() }
        parts = DesiredParts(desired)
        return try await startWhole()
    }

    /// The same, but what the kernel refuses of one unit does not keep the others from starting.
    ///
    /// All is tried in one plan first. If that is refused, it goes unit by unit: those with the host, then the others in
    /// their order; owners that are in none are units of their own.
    ///
    /// - Parameters:
    ///   - desired: all that shall be there.
    ///   - units: what can only be there as a whole: networks before containers with their endpoints.
    /// - Returns: what was done and what was refused.
    /// - Throws: `KernelError` when the kernel can't be observed, or refuses the host's part.
    public func start(
        _ desired: [Owner: State], units: [[Owner]]
    ) async throws(KernelError) -> StartOutcome {
        await close()
        defer { open() }
        parts = DesiredParts(desired)
        let refusal: KernelError
        do {
            return StartOutcome(plan: try await startWhole())
        } catch  where error.step != nil {
            refusal = error
        }
        logger.warning("starting unit by unit after a refused step", metadata: ["refusal": "\(refusal)"])
        observed = try await observeAll()
        var outcome = StartOutcome()
        let named = Set(units.joined())
        let others = desired.keys.filter { !named.contains($0) }.map { [$0] }
        let all = units + others
        var settled = State()
        for unit in all where unit.contains(.host) {
            let part = state(of: unit)
            outcome.plan.steps += try await reach(part, in: part).steps
            settled.merge(part)
        }
        await removeOrphans(&outcome)
        for unit in all where !unit.contains(.host) { try await start(unit, &settled, &outcome) }
        // Each unit's own rules came with it; what began without them still lives.
        if outcome.plan.steps.contains(where: \.action.restoresRules) { _ = try await restoreRules([]) }
        return outcome
    }

    private func startWhole() async throws(KernelError) -> Plan {
        observed = try await observeAll()
        let plan = Plan(from: observed, to: desired)
        let (rules, rest) = plan.splittingRules(withRemovals: false)
        if !rules.isEmpty { _ = try await restoreRules(rules) }
        try await execute(rest)
        observed = observed.applying(plan)
        return plan
    }

    private func state(of unit: [Owner]) -> State {
        var state = State()
        for owner in unit { if let part = parts[owner] { state.merge(part) } }
        return state
    }

    /// Makes a unit true, or gives it up.
    private func start(
        _ unit: [Owner], _ settled: inout State, _ outcome: inout StartOutcome
    ) async throws(KernelError) {
        let part = state(of: unit)
        do {
            outcome.plan.steps += try await reach(part, in: part).steps
            settled.merge(part)
        } catch {
            logger.error("a part could not be started", metadata: ["owners": "\(unit)", "refusal": "\(error)"])
            outcome.refused.append((unit, error))
            for owner in unit { parts[owner] = nil }
            var remains = part
            remains.subtract(settled.restricted(to: part))
            remains.hasTable = false
            try await refresh(remains, after: error)
            do {
                outcome.plan.steps += try await reach(State(), in: remains).steps
            } catch {
                logger.error("remains stay", metadata: ["owners": "\(unit)", "refusal": "\(error)"])
            }
        }
    }

    /// Removes what is ours and nobody's: at once, or if that is refused, step by step.
    private func removeOrphans(_ outcome: inout StartOutcome) async {
        var orphans = observed
        orphans.subtract(desired)
        orphans.hasTable = false
        orphans.sysctls = [:]
        // Awaited: a name that is only on its way out may be wanted again.
        let plan = Plan(from: orphans, to: State(), removal: .awaited)
        do {
            try await execute(plan)
            observed = observed.applying(plan)
            outcome.plan.steps += plan.steps
            return
        } catch {
            logger.warning("removing leftovers one by one", metadata: ["refusal": "\(error)"])
        }
        var isClosed = true
        for step in plan.steps {
            // What guards a link stays as long as the link does.
            if case .removeElement = step.action, !isClosed { continue }
            do {
                let plan = Plan(steps: [step])
                try await execute(plan)
                observed = observed.applying(plan)
                outcome.plan.steps.append(step)
            } catch {
                if case .removeElement = step.action {} else { isClosed = false }
                outcome.refused.append(([], error))
            }
        }
    }
}
