public import Addressing
public import Dataplane
internal import Glibc

/// Followed connections, which established-first rules let through whatever the other rules say by now.
///
/// Everything here blocks, and enters the namespace: only on a thread of `BlockingThreads` or `SerialThread`.
public enum Conntrack {
    /// Deletes the connections that have one of these addresses in either direction's tuple. Costs next to nothing where
    /// nothing is followed.
    ///
    /// - Throws: `NamespaceError` or `SystemCallError`.
    public static func forget(_ addresses: Set<IPAddress>, in namespace: Namespace = .daemon) throws {
        guard !addresses.isEmpty else { return }
        try NamespaceHandle.within(namespace) {
            guard try isFollowing() else { return }
            let socket = try RawNetlinkSocket(.netfilter)
            var rest = addresses
            let filterable = addresses.filter { $0.family == .ipv4 }
            if 1...filterLimit ~= filterable.count, try delete(filterable, on: socket) { rest.subtract(filterable) }
            try delete(Set(rest.map(\.family)), on: socket) { connection in connection.involves(rest.contains) }
        }
    }

    /// Deletes the connections that `isUnwanted` names, after a look at all.
    ///
    /// - Returns: How many there were.
    /// - Throws: `NamespaceError` or `SystemCallError`.
    @discardableResult
    public static func forget(in namespace: Namespace = .daemon, where isUnwanted: (Connection) -> Bool) throws -> Int {
        try NamespaceHandle.within(namespace) {
            guard try isFollowing() else { return 0 }
            return try delete(Set(AddressFamily.allCases), on: RawNetlinkSocket(.netfilter), where: isUnwanted)
        }
    }

    /// The kernel goes through its whole table for each filter, which is quicker than telling us of it up to about here.
    private static let filterLimit = 8

    /// Without conntrack there is no such sysctl; each namespace has its own count.
    private static func isFollowing() throws(SystemCallError) -> Bool {
        do {
            return try Sysctl.read("net/netfilter/nf_conntrack_count") != "0"
        } catch  where error.errno == ENOENT {
            return false
        }
    }

    /// Has the kernel delete by filter (CTA_FILTER in a flush, Linux 6.11), without telling what there is. Only IPv4:
    /// kernels up to 6.18 at least take an IPv6 filter for its contrary and delete what doesn't match
    /// (ctnetlink_filter_match_tuple).
    ///
    /// - Returns: False where the kernel can't. One that doesn't know filters takes the request for one about a single
    ///   connection and refuses it, since the tuple is no whole one.
    private static func delete(
        _ addresses: Set<IPAddress>, on socket: borrowing RawNetlinkSocket
    ) throws(SystemCallError) -> Bool {
        assert(addresses.allSatisfy { $0.family == .ipv4 })
        let filters = addresses.flatMap { address in
            [ConntrackAttribute.original, ConntrackAttribute.reply].flatMap { direction in
                [true, false].map { deletion(of: address, asSource: $0, in: direction) }
            }
        }
        let outcomes = try socket.exchange(filters)
        for outcome in outcomes where outcome != 0 {
            if outcome == EOPNOTSUPP || outcome == EINVAL { return false }
            throw SystemCallError("conntrack", "delete", errno: outcome)
        }
        return true
    }

    private static func deletion(of address: IPAddress, asSource: Bool, in direction: UInt16) -> RawMessage {
        var message = request(.delete, family: address.family, flags: ack)
        message.nest(direction) { tuple in
            tuple.nest(ConntrackAttribute.addresses) { addresses in
                addresses.put(asSource ? 1 : 2, address.bytes)
            }
        }
        message.nest(ConntrackAttribute.filter) { filter in
            // CTA_FILTER_ORIG_FLAGS or CTA_FILTER_REPLY_FLAGS: which fields of the tuple count.
            filter.put(direction, UInt32(asSource ? 1 : 2).octets)
        }
        return message
    }

    @discardableResult
    private static func delete(
        _ families: Set<AddressFamily>, on socket: borrowing RawNetlinkSocket, where isUnwanted: (Connection) -> Bool
    ) throws(SystemCallError) -> Int {
        var deletions: [RawMessage] = []
        for family in families {
            let outcome = try socket.exchange([request(.get, family: family, flags: dump)]) { payload in
                guard let connection = Connection(payload), isUnwanted(connection) else { return }
                var message = request(.delete, family: family, flags: ack)
                for (type, value) in connection.key { message.put(type, value) }
                deletions.append(message)
            }
            if let code = outcome.first(where: { $0 != 0 }) {
                throw SystemCallError("conntrack", "list", errno: code)
            }
        }
        for start in stride(from: 0, to: deletions.count, by: 100) {
            let part = Array(deletions[start..<min(start + 100, deletions.count)])
            // ENOENT: it ended by itself meanwhile.
            for outcome in try socket.exchange(part) where outcome != 0 && outcome != ENOENT {
                throw SystemCallError("conntrack", "delete", errno: outcome)
            }
        }
        return deletions.count
    }

    private enum Kind: UInt16 {
        case get = 1
        case delete = 2
    }

    private static let ack: UInt16 = 4
    private static let dump: UInt16 = 0x300

    /// With version 1, a flush keeps to the family (ctnetlink_del_conntrack).
    private static func request(_ kind: Kind, family: AddressFamily, flags: UInt16) -> RawMessage {
        let subsystem: UInt16 = 1 << 8
        let number = UInt8(family == .ipv4 ? AF_INET : AF_INET6)
        return RawMessage(type: subsystem | kind.rawValue, flags: flags, header: [number, 1, 0, 0])
    }
}
