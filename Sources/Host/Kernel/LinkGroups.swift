internal import Netlink

/// The two link groups (`ip link … group`) that mark links as ours; chosen once for a host and kept in the store.
public struct LinkGroups: Sendable, Hashable {
    /// Every link of ours is in it from its first moment.
    public let owned: UInt32
    /// Links that are only waiting for the collector.
    public let doomed: UInt32

    public init(owned: UInt32, doomed: UInt32) {
        self.owned = owned
        self.doomed = doomed
    }

    /// Chooses two groups that no link of the daemon's namespace is in.
    ///
    /// - Throws: `KernelError` when the links can't be listed.
    public static func choose(on threads: BlockingThreads) async throws(KernelError) -> LinkGroups {
        do {
            let links = try await threads.run { () throws(NetlinkError) in try NetlinkSocket().links() }
            var generator = SystemRandomNumberGenerator()
            return unused(by: links, using: &generator)
        } catch {
            throw KernelError(object: "choosing link groups", error)
        }
    }

    /// Two groups that none of the links is in. Group 0 is every link's default, and the small numbers
    /// are what people name in `/etc/iproute2/group`.
    static func unused(by links: [Link], using generator: inout some RandomNumberGenerator) -> LinkGroups {
        let taken = Set(links.map(\.group))
        func draw(besides other: UInt32?) -> UInt32 {
            while true {
                let group = UInt32.random(in: 1 << 16..<1 << 31, using: &generator)
                if group != other, !taken.contains(group) { return group }
            }
        }
        let owned = draw(besides: nil)
        return LinkGroups(owned: owned, doomed: draw(besides: owned))
    }

    /// What starts the alias of every link of ours.
    public static let aliasPrefix = "fairlead:"

    /// Whether a link in the daemon's namespace is known to be ours.
    func own(_ link: Link) -> Bool {
        link.group == owned || link.group == doomed || link.alias.hasPrefix(Self.aliasPrefix)
    }

    /// Whether it is ours and given up. The collector keeps those that have to wait in the other group.
    func isDoomed(_ link: Link) -> Bool {
        link.name == Self.doomedName(of: link.index) && (link.group == doomed || link.group == owned)
    }

    /// The name of a doomed link: by its index, so that it is unique.
    static func doomedName(of index: Int32) -> String { "gone-" + String(index, radix: 16) }
}
