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
        var refusal: (@Sendable (Step) -> Int32?)?
    }

    private let memory = Mutex(Memory())

    var state: State { memory.withLock(\.state) }
    var plans: [Plan] { memory.withLock(\.plans) }

    /// Steps for which `errno` gives a number are refused with it.
    func refuse(_ errno: (@Sendable (Step) -> Int32?)?) { memory.withLock { $0.refusal = errno } }

    /// A change behind everybody's back.
    func tamper(_ change: (inout State) -> Void) { memory.withLock { change(&$0.state) } }

    func execute(_ plan: Plan) async throws(KernelError) {
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

    func observe(_ request: ObservationRequest) async throws(KernelError) -> State { state }
}
