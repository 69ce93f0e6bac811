internal import Dataplane
internal import Glibc
internal import NFTables
internal import Netlink

// The steps that are not netlink's: rules, pins, sysctls.
extension Execution {
    /// One transaction.
    mutating func changeTable(_ steps: [Step]) throws(KernelError) {
        guard let first = steps.first else { return }
        do {
            try tools.table.apply(steps.map(\.action))
        } catch let error as NFTablesError {
            // It names the element itself, which need not be the first one's.
            throw KernelError(object: "\(error.operation) \(error.object)", errno: error.errno, step: first)
        } catch {
            throw KernelError(first, error)
        }
        for step in steps { note(step) }
    }

    mutating func changePin(_ step: Step) throws(KernelError) {
        do {
            switch step.action {
            case .createNamespace(let pin): try NamespaceHandle.create(pin)
            case .removeNamespace(let pin):
                leave(.path(pin.path))
                try NamespaceHandle.remove(pin)
            default: return
            }
        } catch {
            throw KernelError(step, error)
        }
        note(step)
    }

    mutating func writeSysctls(_ steps: [Step], in namespace: Namespace) throws(KernelError) {
        guard let first = steps.first else { return }
        var done: [(Step, was: String?)] = []
        var failure: KernelError?
        do {
            let place = namespace == .daemon ? nil : try open(namespace)
            // What goes with a link or namespace that was made on the way is not put back by itself.
            let work = steps.map { ($0, isPutBack: !goesAnyway($0)) }
            let write = {
                for (step, isPutBack) in work {
                    guard case .writeSysctl(let id, let value, _) = step.action else { continue }
                    do {
                        let was = isPutBack ? try Sysctl.read(id.path) : nil
                        try Sysctl.write(value, to: id.path)
                        done.append((step, was))
                    } catch {
                        failure = KernelError(step, error)
                        return
                    }
                }
            }
            if let place { try place.withEntered(write) } else { write() }
        } catch {
            failure = KernelError(first, error)
        }
        for (step, was) in done {
            guard case .writeSysctl(let id, let value, _) = step.action else { continue }
            note(step, inverse: was.map { .writeSysctl(id, value: $0, was: value) })
        }
        if let failure { throw failure }
    }
}
