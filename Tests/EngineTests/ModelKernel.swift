import Dataplane
import Glibc
import Kernel
import Reconciler
import Synchronization

/// A kernel that does as it is told, in memory, and can be told to refuse.
final class ModelKernel: KernelBackend {
    private struct Memory {
        var state = State()
        var plans: [Plan] = []
        var restorations: [[Step]] = []
        var refusal: (@Sendable (Step) -> Int32?)?
        var requests: [ObservationRequest] = []
        var whileObserving: (@Sendable (Int) async -> Void)?
        var whileExecuting: (@Sendable (Plan) async -> Void)?
    }

    private let memory = Mutex(Memory())

    var state: State { memory.withLock(\.state) }
    var plans: [Plan] { memory.withLock(\.plans) }
    /// Rule steps that were to end connections, too.
    var restorations: [[Step]] { memory.withLock(\.restorations) }

    /// The observations that were asked for.
    var requests: [ObservationRequest] { memory.withLock(\.requests) }

    /// Runs after each look, before its answer is handed over, with the number of the look from 1.
    func whileObserving(_ body: (@Sendable (Int) async -> Void)?) { memory.withLock { $0.whileObserving = body } }

    /// Runs before each plan.
    func whileExecuting(_ body: (@Sendable (Plan) async -> Void)?) { memory.withLock { $0.whileExecuting = body } }

    /// Steps for which `errno` gives a number are refused with it.
    func refuse(_ errno: (@Sendable (Step) -> Int32?)?) { memory.withLock { $0.refusal = errno } }

    /// A change behind everybody's back.
    func tamper(_ change: (inout State) -> Void) { memory.withLock { change(&$0.state) } }

    func execute(_ plan: Plan) async throws(KernelError) {
        await memory.withLock(\.whileExecuting)?(plan)
        let refused: KernelError? = memory.withLock { memory in
            memory.plans.append(plan)
            for step in plan.steps {
                if let errno = memory.refusal?(step) {
                    return KernelError(object: "\(step.action)", errno: errno, step: step)
                }
            }
            memory.state = memory.state.applying(plan)
            return nil
        }
        if let refused { throw refused }
    }

    func restoreRules(
        _ steps: [Step], ending isUnwanted: @escaping @Sendable (Connection) -> Bool
    ) async throws(KernelError) -> RuleRestoration {
        try await execute(Plan(steps: steps))
        memory.withLock { $0.restorations.append(steps) }
        return RuleRestoration()
    }

    func observe(_ request: ObservationRequest) async throws(KernelError) -> State {
        let (state, number, body) = memory.withLock { memory in
            memory.requests.append(request)
            return (memory.state, memory.requests.count, memory.whileObserving)
        }
        await body?(number)
        return state
    }
}
