public import Dataplane

/// What a look at the kernel found.
public struct Observation: Sendable {
    /// Everything that is known to be ours, and those foreign links that were asked about.
    public var state = State()
    /// Links in our group without an alias: ours only if the store knows the name, for which the `known` of a request
    /// is there.
    public var unnamed: [LinkID] = []
    /// Links that only wait for the collector.
    public var doomed: [LinkID] = []
    /// Namespaces that can't be opened: there is none at that path any more.
    public var vanished: Set<Namespace> = []

    public init() {}
}
