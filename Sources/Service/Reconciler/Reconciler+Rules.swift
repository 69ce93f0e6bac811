import Dataplane
import Kernel

extension Plan {
    /// Splits off the steps that restore rules. Removals of elements guard a link until it is gone: they are only taken
    /// along where no link goes.
    func splittingRules(withRemovals: Bool) -> (rules: [Step], rest: Plan) {
        let isRule = { (step: Step) in
            if case .removeElement = step.action { withRemovals } else { step.action.restoresRules }
        }
        return (steps.filter(isRule), Plan(steps: steps.filter { !isRule($0) }))
    }
}

extension Step.Action {
    /// Whether packets may have passed before it that the rules stop.
    var restoresRules: Bool {
        switch self {
        case .repairTable, .addElement, .replaceElement: true
        default: false
        }
    }
}

extension Reconciler {
    /// Restores rules; connections that began without them end.
    func restoreRules(_ steps: [Step]) async throws(KernelError) -> RuleRestoration {
        let judgement = HealingJudgement(desired)
        let restoration = try await backend.restoreRules(steps, ending: judgement.isUnwanted)
        switch restoration.ended {
        case nil: logger.error("connections begun while rules were missing may live on")
        case 0?: break
        case let count?:
            logger.warning("ended connections that the rules would not let begin", metadata: ["count": "\(count)"])
        }
        return restoration
    }
}
