public import Dataplane
public import Logging
internal import Netlink

/// Runs plans: in order, but with as few messages as the kernel allows.
///
/// Consecutive changes of the table are one transaction. Consecutive netlink steps in one namespace are one send. Links
/// are created in a send of their own: netlink goes on after a refusal, and what follows refers to the chosen index,
/// which would then be somebody else's link.
public final class Executor: Sendable {
    let tools: Tools

    /// What an execution works with.
    struct Tools: Sendable {
        let groups: LinkGroups
        let table: any RuleTable
        let threads: BlockingThreads
        let collector: Collector
        let logger: Logger
        let sockets: SocketPool
        let indices = LinkIndices()
    }

    /// The threads have to be in the daemon's namespaces. Doomed links go to the collector.
    public init(
        groups: LinkGroups, table: any RuleTable, threads: BlockingThreads, collector: Collector, logger: Logger
    ) {
        tools = Tools(
            groups: groups, table: table, threads: threads, collector: collector, logger: logger,
            sockets: collector.sockets)
    }

    /// Runs the plan. If a step is refused, what was done is undone, as far as it can be, in reverse.
    ///
    /// - Throws: `KernelError` of the step that was refused.
    public func execute(_ plan: Plan) async throws(KernelError) {
        guard !plan.isEmpty else { return }
        tools.collector.requestBegins()
        defer { tools.collector.requestEnds() }
        var execution = Execution(tools)
        for segment in Segment.segments(of: plan.steps) {
            let failure: KernelError?
            switch segment {
            case .sequence(let steps): (execution, failure) = await run(steps, execution)
            case .deletions(let steps):
                failure = await delete(steps)
                if failure == nil { for step in steps { execution.note(step) } }
            }
            if let failure {
                await undo(execution)
                throw failure
            }
        }
        execution.finish()
    }

    private func run(_ steps: [Step], _ execution: Execution) async -> (Execution, KernelError?) {
        await tools.threads.run {
            var execution = execution
            do throws(KernelError) {
                try execution.run(steps)
                return (execution, nil)
            } catch {
                return (execution, error)
            }
        }
    }

    /// A deletion is 16–40 ms of waiting; eight at a time overlap.
    private func delete(_ steps: [Step]) async -> KernelError? {
        let lanes = min(8, steps.count)
        return await withTaskGroup(of: KernelError?.self) { group in
            for lane in 0..<lanes {
                let share = stride(from: lane, to: steps.count, by: lanes).map { steps[$0] }
                group.addTask { [self] in
                    let (execution, failure) = await run(share, Execution(tools))
                    execution.finish()
                    return failure
                }
            }
            var failure: KernelError?
            for await outcome in group { failure = failure ?? outcome }
            return failure
        }
    }

    private func undo(_ execution: Execution) async {
        await tools.threads.run {
            var execution = execution
            execution.undo()
            execution.finish()
        }
    }
}

/// A part of a plan that is run in one go.
enum Segment {
    case sequence([Step])
    /// Several deletions: they wait side by side.
    case deletions([Step])

    /// The plan's steps in order, except that links to be deleted one after another are all set down first.
    static func segments(of steps: [Step]) -> [Segment] {
        var segments: [Segment] = []
        var sequence: [Step] = []
        var deletions: [Step] = []
        func endDeletions() {
            if deletions.count > 1 {
                segments += [.sequence(sequence), .deletions(deletions)]
                sequence = []
            } else {
                sequence += deletions
            }
            deletions = []
        }
        for (index, step) in steps.enumerated() {
            switch step.action {
            case .deleteLink: deletions.append(step)
            case .setDown(let id) where steps.dropFirst(index + 1).first?.action.deletes(id) == true:
                sequence.append(step)
            default:
                endDeletions()
                sequence.append(step)
            }
        }
        endDeletions()
        if !sequence.isEmpty { segments.append(.sequence(sequence)) }
        return segments
    }
}

extension Step.Action {
    fileprivate func deletes(_ id: LinkID) -> Bool {
        if case .deleteLink(let link) = self { link.id == id } else { false }
    }
}
