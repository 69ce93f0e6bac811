public import Dataplane
public import Kernel

/// What healing knows of the kernel besides what a look shows. Tests put a model in its place.
public protocol HealingSenses: Sendable {
    /// An element whenever `take` has something.
    var signals: AsyncStream<Void> { get }

    /// Where something may have changed since the last call.
    func take() -> DriftHint

    /// Which of the namespaces have which id in the daemon's.
    func numbers(of namespaces: Set<Namespace>) async -> [Int32: Namespace]

    /// How many rules each of the administrator's chains has.
    func userRules() async -> [String: Int]
}
