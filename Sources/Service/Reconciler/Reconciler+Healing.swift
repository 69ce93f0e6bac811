public import Dataplane
public import Kernel

/// What healing did.
public struct HealingOutcome: Sendable {
    /// What was lost and is restored; empty when nothing was.
    public var plan = Plan()
    /// What was wrong with the table's chains, sets and rules, in words.
    public var problems: [String] = []
    /// Who lost again and again, how long the next loss has to wait, and what made good the last one first of all.
    public var fights: [(subject: HealingSubject, delay: Duration, step: Step?)] = []
    /// What the kernel refused to restore.
    public var refusals: [KernelError] = []
    /// Links that nobody wants so far, and that an apply under way may be making: to be looked at later.
    public var unclear: Set<String> = []
    /// Namespaces that were to be looked into and aren't there.
    public var vanished: Set<Namespace> = []
    /// What is left alone for now, and until when.
    public var postponed: [HealingSubject: ContinuousClock.Instant] = [:]

    public init() {}
}

extension Reconciler {
    /// Which of these links of the daemon's namespace are as they shall be.
    public func content(with links: [String: LinkSpec]) -> Set<String> {
        Set(
            links.lazy.filter { [parts] name, link in
                let wanted = parts.owners(of: LinkID(name)).compactMap { parts[$0]?.links[LinkID(name)] }
                return !wanted.isEmpty && wanted.allSatisfy { $0.isOwned && link.fulfils($0) }
            }.map(\.key))
    }

    /// Looks at a part of the kernel and restores what is lost there.
    ///
    /// The look goes beside applies; only when something seems to be missing are they kept out, since what one of them
    /// does looks the same.
    ///
    /// - Parameters:
    ///   - target: where to look.
    ///   - isStill: whether a namespace is still the one that was handed over; asked before anything is made in it.
    ///   - now: what time it is.
    /// - Returns: what was lost, and what became of it.
    /// - Throws: `KernelError` when the kernel can't be looked at.
    public func heal(
        _ target: HealingTarget, isStill: @Sendable (Namespace) async -> Bool = { _ in true },
        now: @Sendable () -> ContinuousClock.Instant = { .now }
    ) async throws(KernelError) -> HealingOutcome {
        let isQuiet = traffic.isQuiet
        let mark = traffic.begun
        var target = target
        let unclear: Set<String> = isQuiet ? [] : target.links.filter(isStranger)
        target.links.subtract(unclear)
        var attempt = HealingAttempt(target: target, exempt: backOff.blocked(at: now()))
        attempt.outcome.unclear = unclear
        for subject in attempt.exempt { attempt.outcome.postponed[subject] = backOff.blocked(subject, at: now()) }
        if try await isWhole(&attempt) { return relevant(attempt) }
        await close()
        defer { open() }
        // Another healing, under way at the same time, may have made it good, and found that it is fought over.
        let blocked = backOff.blocked(at: now()).subtracting(attempt.exempt)
        for subject in blocked { attempt.outcome.postponed[subject] = backOff.blocked(subject, at: now()) }
        attempt.exempt.formUnion(blocked)
        if !isQuiet || traffic.begun != mark + 1 || !blocked.isEmpty, try await isWhole(&attempt) {
            return relevant(attempt)
        }
        // Each refusal takes its subject out of the next round.
        for _ in 0..<100 {
            let known = attempt.vanished
            for namespace in attempt.plannedNamespaces where await !isStill(namespace) {
                attempt.vanished.insert(namespace)
            }
            // The look has planned already.
            if attempt.vanished != known, attempt.replan(in: self) { break }
            do throws(KernelError) {
                try await restoreRules(of: &attempt)
                try await execute(attempt.plan)
            } catch {
                // What changes under our hands is looked at again before it counts.
                if error.mayComeFromStaleCache, attempt.staleness < 3 {
                    attempt.staleness += 1
                } else {
                    attempt.outcome.refusals.append(error)
                    for subject in error.step.map({ [subject(of: $0.action)] }) ?? attempt.subjects(in: self) {
                        attempt.exempt.insert(subject)
                        attempt.outcome.postponed[subject] = backOff.fail(subject, at: now())
                    }
                }
                if try await isWhole(&attempt) { break }
                continue
            }
            attempt.isDone = true
            break
        }
        if attempt.isDone || !attempt.restored.isEmpty { settle(&attempt, now()) }
        return relevant(attempt)
    }

    /// Rules first, whatever else is lost: each moment counts.
    private func restoreRules(of attempt: inout HealingAttempt) async throws(KernelError) {
        let (rules, rest) = attempt.plan.splittingRules(withRemovals: true)
        guard !rules.isEmpty else { return }
        attempt.outcome.problems += try await restoreRules(rules).problems
        attempt.restored += rules
        attempt.plan = rest
    }

    /// Looks, and plans.
    private func isWhole(_ attempt: inout HealingAttempt) async throws(KernelError) -> Bool {
        let scope = scope(of: attempt.target, without: attempt.exempt, vanished: attempt.vanished)
        let request = scope.request
        if scope.desired.isEmpty, scope.strangers.isEmpty { return true }
        attempt.fresh = try await backend.observe(request)
        let known = attempt.vanished
        attempt.noteVanished(request)
        return attempt.vanished == known ? attempt.plan(scope) : attempt.replan(in: self)
    }

    private func settle(_ attempt: inout HealingAttempt, _ now: ContinuousClock.Instant) {
        let scope = attempt.scope
        if attempt.isDone || attempt.plan.isEmpty {
            observed.subtract(scope.desired)
            if scope.hasTable { observed.elements = [:] }
            for id in scope.strangers { observed.links[id] = nil }
            observed.merge(scope.desired)
        }
        attempt.plan = Plan(steps: attempt.restored + (attempt.isDone ? attempt.plan.steps : []))
        attempt.outcome.plan = attempt.plan
        for subject in attempt.subjects(in: self) {
            guard let delay = backOff.note(subject, at: now) else { continue }
            let step = attempt.plan.steps.first { self.subject(of: $0.action) == subject }
            attempt.outcome.fights.append((subject, delay, step))
            attempt.outcome.postponed[subject] = now + delay
        }
    }

    /// Of what is postponed, only what was to be looked at.
    private func relevant(_ attempt: HealingAttempt) -> HealingOutcome {
        var outcome = attempt.outcome
        outcome.vanished = attempt.vanished
        guard !outcome.postponed.isEmpty else { return outcome }
        let whole = scope(of: attempt.target, without: [], vanished: [])
        outcome.postponed = outcome.postponed.filter { subject, _ in
            switch subject {
            case .table: whole.hasTable
            case .owner(let owner): whole.owners.contains(owner) || attempt.target.sysctls
            }
        }
        return outcome
    }
}

/// One run of healing.
struct HealingAttempt {
    let target: HealingTarget
    var exempt: Set<HealingSubject>
    var vanished: Set<Namespace> = []
    var fresh = State()
    var scope = HealingScope()
    var plan = Plan()
    /// Rule steps that are done, and whether the rest of the plan is, too.
    var restored: [Step] = []
    var isDone = false
    var outcome = HealingOutcome()
    /// How often something else was there than had just been seen.
    var staleness = 0

    init(target: HealingTarget, exempt: Set<HealingSubject>) {
        self.target = target
        self.exempt = exempt
    }

    /// Plans from what was seen last.
    ///
    /// - Returns: whether there is nothing to do.
    mutating func replan(in reconciler: isolated Reconciler) -> Bool {
        plan(reconciler.scope(of: target, without: exempt, vanished: vanished))
    }

    /// The same, where the scope is known.
    mutating func plan(_ scope: HealingScope) -> Bool {
        var scope = scope
        // Without its link there is no such sysctl, and the link is another's hint.
        let links = Set(scope.desired.links.keys)
        let fresh = fresh
        scope.desired.sysctls = scope.desired.sysctls.filter { id, _ in
            fresh.sysctls[id] != nil || id.link.map(links.contains) == true
        }
        plan = scope.plan(from: fresh)
        self.scope = scope
        return plan.isEmpty
    }

    /// A namespace in which nothing was found, not even `lo`.
    mutating func noteVanished(_ request: ObservationRequest) {
        let found = Set(fresh.links.keys.map(\.namespace)).union(fresh.sysctls.keys.map(\.namespace))
        let asked = request.namespaces.union(request.sysctls.map(\.namespace))
        vanished.formUnion(asked.subtracting(found).subtracting([.daemon]))
    }

    /// The namespaces that the plan would change, the daemon's aside.
    var plannedNamespaces: Set<Namespace> {
        var namespaces: Set<Namespace> = []
        for step in plan.steps {
            switch step.action {
            case .createLink(_, let peer?): namespaces.insert(peer.id.namespace)
            case .changeLink(_, let link), .deleteLink(let link), .doomLink(let link):
                namespaces.insert(link.id.namespace)
            case .setUp(let id), .setDown(let id): namespaces.insert(id.namespace)
            case .addAddress(let address): namespaces.insert(address.link.namespace)
            case .setRoute(let route), .removeRoute(let route): namespaces.insert(route.id.namespace)
            case .writeSysctl(let id, _, _): namespaces.insert(id.namespace)
            default: break
            }
        }
        return namespaces.subtracting([.daemon])
    }

    /// Whose losses the plan makes good. What follows from a lost bridge (its ports' masters) is the bridge's.
    func subjects(in reconciler: isolated Reconciler) -> Set<HealingSubject> {
        let all = plan.steps.map { reconciler.subject(of: $0.action) }
        return Set(all)
    }
}
