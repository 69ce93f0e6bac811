internal import Dataplane
internal import Glibc
public import Kernel

/// An existing namespace that a container is to be: asked for as `/path` or `pid:N`, the words of `io.fairlead.netns`.
public struct Adoption: Sendable, Hashable {
    public let witness: NamespaceWitness
    /// Tells namespaces apart, so that one adopted already can be refused.
    public let identity: NamespaceIdentity

    /// Where the namespace is opened.
    public var path: String { witness.path }

    /// With `pid:N`; 0 without.
    public var pid: Int32 {
        if case .process(let pid) = witness { pid } else { 0 }
    }

    /// Reads a request.
    ///
    /// - Throws: `.malformed`.
    public static func parse(_ text: String) throws(AdoptionError) -> NamespaceWitness {
        if text.hasPrefix("/"), !text.utf8.contains(0) { return .path(text) }
        let digits = text.dropFirst(4)
        guard text.hasPrefix("pid:"), digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            let pid = Int32(digits), pid > 0
        else { throw .malformed(text) }
        return .process(pid)
    }

    /// Looks at the namespace; enters it, so only on a thread that may.
    ///
    /// - Throws: What is wrong with it: no such process or path, no network namespace, the daemon's own or process 1's.
    public init(_ text: String) throws(AdoptionError) {
        witness = try Self.parse(text)
        do {
            identity = try NamespaceHandle(witness.namespace).identity()
            if try NamespaceHandle(.daemon).identity() == identity { throw AdoptionError.own(witness) }
            // Where it can't be looked at, nobody gets in by it either.
            if (try? NamespaceHandle(.path("/proc/1/ns/net")).identity()) == identity {
                throw AdoptionError.machine(witness)
            }
        } catch let error as AdoptionError {
            throw error
        } catch {
            throw Self.reason(error, witness)
        }
    }

    /// What a failed look says about the witness. A process that has ended but wasn't waited for has no namespace.
    private static func reason(_ error: any Error, _ witness: NamespaceWitness) -> AdoptionError {
        switch (error, witness) {
        case (NamespaceError.notANamespace, _): .notANamespace(witness)
        case (NamespaceError.system(let error), .process) where [ENOENT, ESRCH].contains(error.errno):
            .noProcess(witness)
        case (NamespaceError.system(let error), _): .refused(witness, error.reason)
        case (let error as SystemCallError, _): .refused(witness, error.reason)
        default: .refused(witness, "\(error)")
        }
    }
}

/// Why a namespace can't be adopted.
public enum AdoptionError: Error, Sendable, Hashable, CustomStringConvertible {
    case malformed(String)
    case noProcess(NamespaceWitness)
    case notANamespace(NamespaceWitness)
    /// The daemon's own: a container in it would be the host.
    case own(NamespaceWitness)
    /// Process 1's: a container in it would be the machine.
    case machine(NamespaceWitness)
    /// The kernel won't let us in; with its words.
    case refused(NamespaceWitness, String)

    public var description: String {
        switch self {
        case .malformed(let text): "invalid network namespace \"\(text)\": must be an absolute path or pid:<number>"
        case .noProcess(let witness): "cannot adopt \(witness): no such process"
        case .notANamespace(let witness): "cannot adopt \(witness): not a network namespace"
        case .own(let witness): "cannot adopt \(witness): it is the daemon's own network namespace"
        case .machine(let witness): "cannot adopt \(witness): it is the machine's own network namespace (process 1's)"
        case .refused(let witness, let reason): "cannot adopt \(witness): \(reason)"
        }
    }
}
