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

    public mutating func merge(_ other: DriftHint) {
        everything = everything || other.everything
        table = table || other.table
        settings = settings || other.settings
        links.formUnion(other.links)
        namespaces.formUnion(other.namespaces)
        suspects.formUnion(other.suspects)
        tableSuspects.formUnion(other.tableSuspects)
    }
}
