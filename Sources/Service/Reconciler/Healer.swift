public import Dataplane
import Kernel
public import Logging

/// Keeps the kernel as it shall be while the daemon runs: hears what changes, looks there, restores what is lost.
public actor Healer {
    private let reconciler: Reconciler
    private let senses: any HealingSenses
    private let isStill: @Sendable (Namespace) async -> Bool
    private let logger: Logger

    /// Which namespace has which id, and among which they were looked for. An id that is missing is somebody else's.
    private var numbers: [Int32: Namespace] = [:]
    private var numbered: Set<Namespace> = []
    private var unknown: Set<Int32> = []
    private var userRules: [String: Int] = [:]
    /// What has to wait, and until when.
    private var postponed: [HealingSubject: ContinuousClock.Instant] = [:]
    private var unclear: Set<String> = []
    /// Who seems to have undone again what has to wait.
    private var accused: [HealingSubject: Set<String>] = [:]

    /// How often sysctls are read that the kernel doesn't announce.
    private static let interval = Duration.seconds(10)

    /// - Parameters:
    ///   - reconciler: who knows what is desired.
    ///   - senses: what the kernel tells.
    ///   - logger: for losses.
    ///   - isStill: whether a namespace is still the one that was handed over at that path.
    public init(
        _ reconciler: Reconciler, senses: any HealingSenses, logger: Logger,
        isStill: @escaping @Sendable (Namespace) async -> Bool = { _ in true }
    ) {
        self.reconciler = reconciler
        self.senses = senses
        self.logger = logger
        self.isStill = isStill
    }

    /// Heals until the task is cancelled.
    public func run() async {
        userRules = await senses.userRules()
        // What has changed between the start's look and the first notification.
        await heal(HealingTarget(everything: true))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                for await _ in senses.signals { await hear() }
            }
            group.addTask { [self] in
                while (try? await Task.sleep(for: Self.interval)) != nil {
                    await heal(HealingTarget(sysctls: true))
                }
            }
            group.addTask { [self] in
                while (try? await Task.sleep(for: .milliseconds(250))) != nil { await retry() }
            }
            await group.waitForAll()
        }
    }

    private func hear() async {
        let hint = senses.take()
        guard !hint.isEmpty else { return }
        if hint.everything { logger.notice("notifications were lost; looking at everything") }
        var target = HealingTarget(everything: hint.everything, table: hint.table, links: hint.links)
        if !hint.seen.isEmpty { target.links.subtract(await reconciler.content(with: hint.seen)) }
        if hint.settings { target.owners.insert(.host) }
        if !hint.namespaces.isEmpty { target.namespaces = await namespaces(hint.namespaces) }
        guard !target.isEmpty else { return }
        await heal(target, by: hint)
        if hint.table || hint.everything { await watchUserChains() }
    }

    /// Namespaces that are ours, of those ids. One that none has is looked for once, and again when there are others.
    private func namespaces(_ ids: Set<Int32>) async -> Set<Namespace> {
        let known = await reconciler.desiredNamespaces
        let isStale = known != numbered
        if ids.contains(where: { numbers[$0] == nil && (isStale || !unknown.contains($0)) }) {
            numbers = await senses.numbers(of: known)
            numbered = known
            unknown = ids.subtracting(numbers.keys)
        }
        return Set(ids.compactMap { numbers[$0] })
    }

    private func heal(_ target: HealingTarget, by hint: DriftHint = DriftHint()) async {
        let outcome: HealingOutcome
        do {
            outcome = try await reconciler.heal(target, isStill: isStill)
        } catch {
            logger.error("can't look for losses", metadata: ["error": "\(error)"])
            return
        }
        postponed.merge(outcome.postponed) { max($0, $1) }
        unclear.formUnion(outcome.unclear)
        // Whoever was in it learns of its end now, not when its path is looked at next.
        for namespace in outcome.vanished { _ = await isStill(namespace) }
        for subject in outcome.postponed.keys {
            accused[subject, default: []].formUnion(subject == .table ? hint.tableSuspects : hint.suspects)
        }
        tell(outcome, by: hint.suspects.union(hint.tableSuspects))
        accused = accused.filter { postponed[$0.key] != nil }
    }

    /// What has waited long enough.
    private func retry() async {
        let now = ContinuousClock.now
        let due = postponed.filter { $0.value <= now }.keys
        guard !due.isEmpty || !unclear.isEmpty else { return }
        var target = HealingTarget(links: unclear)
        unclear = []
        for subject in due {
            postponed[subject] = nil
            switch subject {
            case .table: target.table = true
            case .owner(let owner): target.owners.insert(owner)
            }
        }
        await heal(target)
    }

    /// The administrator's rules are never touched; that they are gone, he may not know.
    private func watchUserChains() async {
        let rules = await senses.userRules()
        for chain in userRules.filter({ $0.value > 0 && rules[$0.key, default: 0] == 0 }).keys.sorted() {
            logger.warning(
                "your rules are gone: chain \(chain) of table inet fairlead is empty", metadata: ["chain": "\(chain)"])
        }
        userRules = rules
    }

    private func tell(_ outcome: HealingOutcome, by suspects: Set<String>) {
        var metadata: Logger.Metadata = [:]
        if !suspects.isEmpty { metadata["changed by"] = "\(suspects.sorted().joined(separator: ", "))" }
        if !outcome.plan.isEmpty {
            let sentence = HealingSentence(outcome.plan, problems: outcome.problems)
            logger.warning("lost and restored: \(sentence)", metadata: metadata)
        }
        for error in outcome.refusals {
            logger.error("a loss can't be restored: \(error)", metadata: metadata)
        }
        for (subject, delay, step) in outcome.fights {
            let object = subject.object(step)
            let culprits = accused[subject, default: []].sorted().suffix(3)
            let by = culprits.isEmpty ? "" : ", it seems by \(culprits.joined(separator: ", "))"
            logger.warning(
                "\(object) is undone again and again\(by); the next loss is left for \(delay)")
        }
    }
}

extension HealingSubject {
    /// The thing, and what of it is lost.
    fileprivate func object(_ step: Step?) -> String {
        let loss = step.map { " (\($0.action))" } ?? ""
        return switch self {
        case .table: "table inet fairlead"
        case .owner(.host): "the host's part\(loss)"
        case .owner(.network(let id)): "network \(id.prefix(12))\(loss)"
        case .owner(.endpoint(let id)): "endpoint \(id.prefix(12))\(loss)"
        case .owner(.container(let id)): "container \(id.prefix(12))\(loss)"
        }
    }
}
