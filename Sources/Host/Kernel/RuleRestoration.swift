public import Dataplane
internal import Firewall
public import NFTables

/// What became of lost rules.
public struct RuleRestoration: Sendable {
    /// What was wrong with chains, sets and rules, in words.
    public var problems: [String]
    /// How many connections were ended that the rules would not have let begin; nil if they can't be looked at.
    public var ended: Int?

    public init(problems: [String] = [], ended: Int? = 0) {
        self.problems = problems
        self.ended = ended
    }
}

extension NFTablesConnection {
    /// Restores rules and elements so that from this transaction on nothing passes that they stop: what is established
    /// waits until the connections are gone that began meanwhile.
    ///
    /// Blocks; on a thread in the daemon's namespace.
    ///
    /// - Parameters:
    ///   - steps: `repairTable` and those of elements.
    ///   - isUnwanted: which connections the rules would not let begin, or lack their translation.
    /// - Returns: what was wrong, and how many connections ended.
    /// - Throws: `KernelError`: then nothing is restored, or, without a step, what is established still waits.
    public func restore(
        _ steps: [Step], ending isUnwanted: (Connection) -> Bool
    ) throws(KernelError) -> RuleRestoration {
        var restoration = RuleRestoration()
        do throws(NFTablesError) {
            restoration.problems = try ensureTable(
                with: steps.compactMap { ElementChange($0.action) }, holding: Ruleset.hold)
        } catch {
            throw KernelError(object: "\(error.operation) \(error.object)", errno: error.errno, step: steps.first)
        }
        restoration.ended = try? Conntrack.forget(where: isUnwanted)
        do throws(NFTablesError) {
            try release(Ruleset.hold)
        } catch {
            throw KernelError(object: "established connections", error)
        }
        return restoration
    }
}

extension ElementChange {
    /// Nil for a step of another kind.
    init?(_ action: Step.Action) {
        switch action {
        case .addElement(let element): self = .add(element)
        case .replaceElement(let old, by: let new): self = .replace(old, by: new)
        case .removeElement(let element): self = .remove(element)
        default: return nil
        }
    }
}
