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
        var done: [(Step, was: String)] = []
        var failure: KernelError?
        do {
            try NamespaceHandle.within(namespace) {
                for step in steps {
                    guard case .writeSysctl(let id, let value, _) = step.action else { continue }
                    do {
                        let was = try Sysctl.read(id.path)
                        try Sysctl.write(value, to: id.path)
                        done.append((step, was))
                    } catch {
                        failure = KernelError(step, error)
                        return
                    }
                }
            }
        } catch {
            failure = KernelError(first, error)
        }
        for (step, was) in done {
            guard case .writeSysctl(let id, let value, _) = step.action else { continue }
            note(step, inverse: .writeSysctl(id, value: was, was: value))
        }
        if let failure { throw failure }
    }
}
