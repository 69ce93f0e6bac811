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
        try forget(addresses, in: namespace, filterFrom: 16_000)
    }

    /// With `limit` connections for each address or more, filters are the quicker way: they cost four rounds through the
    /// kernel's whole table (10 ms each with its usual 262,144 places), a dump one, and 2 µs a connection.
    static func forget(_ addresses: Set<IPAddress>, in namespace: Namespace, filterFrom limit: Int) throws {
        guard !addresses.isEmpty else { return }
        try NamespaceHandle.within(namespace) {
            let count = try count()
            guard count > 0, !ConnectionText.shows(count, noneOf: addresses) else { return }
            let socket = try RawNetlinkSocket(.netfilter)
            var rest = addresses
            let filterable = addresses.filter { $0.family == .ipv4 }
            if !filterable.isEmpty, count >= filterable.count * limit, try delete(filterable, on: socket) {
                rest.subtract(filterable)
            }
            guard !rest.isEmpty else { return }
            let families = Set(rest.map(\.family))
            try delete(families.count == 1 ? families.first : nil, on: socket) { $0.involves(rest.contains) }
        }
    }

    /// Deletes the connections that `isUnwanted` names, after a look at all.
    ///
    /// - Returns: How many there were.
    /// - Throws: `NamespaceError` or `SystemCallError`.
    @discardableResult
    public static func forget(in namespace: Namespace = .daemon, where isUnwanted: (Connection) -> Bool) throws -> Int {
        try NamespaceHandle.within(namespace) {
            guard try count() > 0 else { return 0 }
            return try delete(nil, on: RawNetlinkSocket(.netfilter), where: isUnwanted)
        }
    }

    /// How many connections the namespace has. Without conntrack there is no such sysctl.
    private static func count() throws(SystemCallError) -> Int {
        do {
            return Int(try Sysctl.read("net/netfilter/nf_conntrack_count")) ?? 0
        } catch  where error.errno == ENOENT {
            return 0
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

    /// After a dump of one family or, with nil, all.
    @discardableResult
    private static func delete(
        _ family: AddressFamily?, on socket: borrowing RawNetlinkSocket, where isUnwanted: (Connection) -> Bool
    ) throws(SystemCallError) -> Int {
        var deletions: [RawMessage] = []
        let outcome = try socket.exchange([request(.get, family: family, flags: dump)]) { payload in
            guard let connection = Connection(payload), isUnwanted(connection) else { return }
            var message = request(.delete, family: connection.original.source.family, flags: ack)
            for (type, value) in connection.key { message.put(type, value) }
            deletions.append(message)
        }
        guard outcome == [0] else { throw SystemCallError("conntrack", "list", errno: outcome[0]) }
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
    private static func request(_ kind: Kind, family: AddressFamily?, flags: UInt16) -> RawMessage {
        let subsystem: UInt16 = 1 << 8
        let number =
            switch family {
            case .ipv4: UInt8(AF_INET)
            case .ipv6: UInt8(AF_INET6)
            case nil: UInt8(AF_UNSPEC)
            }
        return RawMessage(type: subsystem | kind.rawValue, flags: flags, header: [number, 1, 0, 0])
    }
}
