internal import CShims
internal import Glibc

/// What the kernel offers in the daemon's namespace.
public struct Features: Sendable, Hashable, CustomStringConvertible {
    /// Of `FeatureProbe.linkKinds`, those that links can be made of.
    public var linkKinds: Set<String> = []
    public var hasNFTables = false
    public var hasConntrack = false
    public var hasIPv6 = false
    /// Bridged packets can be shown to the forward chain (br_netfilter).
    public var hasBridgeNetfilter = false
    /// Namespaces are known by cookies (SO_NETNS_COOKIE, Linux 5.14).
    public var hasNamespaceCookies = false

    public init() {}

    /// For a log line: what is there, then what isn't.
    public var description: String {
        let all =
            FeatureProbe.linkKinds.map { ($0, linkKinds.contains($0)) } + [
                ("nftables", hasNFTables), ("conntrack", hasConntrack), ("IPv6", hasIPv6),
                ("br_netfilter", hasBridgeNetfilter), ("namespace cookies", hasNamespaceCookies),
            ]
        let missing = all.filter { !$0.1 }.map(\.0)
        return all.filter(\.1).map(\.0).joined(separator: ", ")
            + (missing.isEmpty ? "" : "; without \(missing.joined(separator: ", "))")
    }
}

/// Asks the kernel what it can do, without making anything.
public enum FeatureProbe {
    /// The link kinds that drivers use.
    public static let linkKinds = ["bridge", "veth", "macvlan", "ipvlan", "vxlan"]

    /// Probes in the calling thread's namespace. Blocks for some milliseconds, longer when the kernel loads a module.
    ///
    /// - Throws: `SystemCallError` when the kernel can't be asked.
    public static func probe() throws(SystemCallError) -> Features {
        var features = Features()
        features.linkKinds = try presentKinds()
        features.hasNFTables = try hasNFTables()
        features.hasConntrack = exists("/proc/sys/net/netfilter/nf_conntrack_count")
        features.hasIPv6 = exists("/proc/sys/net/ipv6")
        features.hasBridgeNetfilter = exists("/proc/sys/net/bridge/bridge-nf-call-iptables")
        var cookie: UInt64 = 0
        features.hasNamespaceCookies = shim_namespace_cookie(&cookie) == 0
        return features
    }

    /// Asks for links under a name that no link can have: a kind the kernel knows gets as far as the name or its missing
    /// parameters, another is EOPNOTSUPP.
    private static func presentKinds() throws(SystemCallError) -> Set<String> {
        let socket = try RawNetlinkSocket(.route)
        let outcomes = try socket.exchange(linkKinds.map(request))
        return Set(zip(linkKinds, outcomes).filter { $1 != EOPNOTSUPP && $1 != EPERM }.map(\.0))
    }

    private static func request(kind: String) -> RawMessage {
        let impossible = Array("/probe/".utf8) + [0]
        // RTM_NEWLINK with NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL; an empty ifinfomsg.
        let header = [UInt8](repeating: 0, count: 16)
        var message = RawMessage(type: 16, flags: 0x604, header: header)
        message.put(3, impossible)  // IFLA_IFNAME
        message.nest(18) { info in  // IFLA_LINKINFO
            info.put(1, Array(kind.utf8))  // IFLA_INFO_KIND
            // The peer is made first, so it is what must be impossible: IFLA_INFO_DATA, VETH_INFO_PEER.
            guard kind == "veth" else { return }
            info.nest(2) { data in
                data.nest(1) { peer in
                    peer.append(header)
                    peer.put(3, impossible)
                }
            }
        }
        return message
    }

    /// NFT_MSG_GETGEN; a kernel without nf_tables doesn't know the subsystem.
    private static func hasNFTables() throws(SystemCallError) -> Bool {
        let socket: RawNetlinkSocket
        do {
            socket = try RawNetlinkSocket(.netfilter)
        } catch  where error.errno == EPROTONOSUPPORT {
            return false
        }
        return try socket.exchange([RawMessage(type: 10 << 8 | 16, flags: 4, header: [0, 0, 0, 0])]) == [0]
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
