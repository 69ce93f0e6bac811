public import Dataplane

/// Where something may have changed that is ours. Not what: who wants to know looks there.
public struct DriftHint: Sendable, Hashable {
    /// Notifications were lost.
    public var everything = false
    /// The table `inet fairlead`.
    public var table = false
    /// Sysctls of the daemon's namespace.
    public var settings = false
    /// Links of the daemon's namespace, by name: themselves, their addresses, their ports.
    public var links: Set<String> = []
    /// Those of `links` of which nothing was heard but that they changed to this, of no interest to whoever wants them so.
    /// The kernel doesn't say who changed a link: most of what is heard are changes of ours.
    public private(set) var seen: [String: LinkSpec] = [:]
    /// Other namespaces, by the id that the daemon's has for them.
    public var namespaces: Set<Int32> = []
    /// Who seems to have done it: `nft (process 4711)`.
    public var suspects: Set<String> = []
    /// The same of the table.
    public var tableSuspects: Set<String> = []

    public init(
        everything: Bool = false, table: Bool = false, settings: Bool = false, links: Set<String> = [],
        namespaces: Set<Int32> = []
    ) {
        self.everything = everything
        self.table = table
        self.settings = settings
        self.links = links
        self.namespaces = namespaces
    }

    public var isEmpty: Bool { !everything && !table && !settings && links.isEmpty && namespaces.isEmpty }

    /// Notes a change that calls for a look.
    mutating func note(_ names: some Sequence<String>) {
        for name in names {
            links.insert(name)
            seen[name] = nil
        }
    }

    /// Notes a change to what is known already.
    mutating func see(_ name: String, _ link: LinkSpec) {
        guard links.insert(name).inserted || seen[name] != nil else { return }
        seen[name] = link
    }

    public mutating func merge(_ other: DriftHint) {
        everything = everything || other.everything
        table = table || other.table
        settings = settings || other.settings
        for (name, link) in other.seen { see(name, link) }
        note(other.links.subtracting(other.seen.keys))
        namespaces.formUnion(other.namespaces)
        suspects.formUnion(other.suspects)
        tableSuspects.formUnion(other.tableSuspects)
    }
}
