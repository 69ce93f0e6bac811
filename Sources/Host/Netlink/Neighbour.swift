public import Addressing
internal import CNetlinkRoute
internal import Glibc

/// A permanent entry of a link's neighbour table (RTM_NEWNEIGH).
public struct Neighbour: Sendable, Hashable {
    /// The link's index.
    public let link: Int32
    public let address: IPAddress
    public let mac: MACAddress

    public init(link: Int32, address: IPAddress, mac: MACAddress) {
        self.link = link
        self.address = address
        self.mac = mac
    }

    /// Nil for an entry that isn't permanent.
    init?(_ payload: UnsafeRawBufferPointer) {
        guard payload.count >= MemoryLayout<ndmsg>.size else { return nil }
        let header = payload.loadUnaligned(as: ndmsg.self)
        guard Int32(header.ndm_state) & NUD_PERMANENT != 0 else { return nil }
        var address: IPAddress?
        var mac: MACAddress?
        for attribute in Attributes(after: MemoryLayout<ndmsg>.size, of: payload) {
            switch attribute.type {
            case NDA_DST: address = IPAddress(bytes: Array(attribute.value))
            case NDA_LLADDR: mac = MACAddress(octets: Array(attribute.value))
            default: break
            }
        }
        guard let address, let mac else { return nil }
        self.init(link: header.ndm_ifindex, address: address, mac: mac)
    }
}

extension NetlinkSocket {
    /// Every permanent neighbour of the namespace, of both families.
    public func neighbours() throws(NetlinkError) -> [Neighbour] {
        var builder = MessageBuilder(type: RTM_GETNEIGH, flags: NLM_F_DUMP)
        builder.append(ndmsg())
        return try dump(builder.finish("list neighbours"), type: RTM_NEWNEIGH, Neighbour.init)
    }
}

extension Message {
    /// Adds the entry, or replaces the one with that address.
    public static func setNeighbour(_ neighbour: Neighbour) throws(NetlinkError) -> Message {
        try build(neighbour, "set neighbour \(neighbour.address)") {
            rtnl_neigh_build_add_request($0, NLM_F_CREATE | NLM_F_REPLACE, &$1)
        }
    }

    public static func removeNeighbour(_ neighbour: Neighbour) throws(NetlinkError) -> Message {
        try build(neighbour, "remove neighbour \(neighbour.address)") { rtnl_neigh_build_delete_request($0, 0, &$1) }
    }

    private static func build(
        _ neighbour: Neighbour, _ operation: String, _ build: (OpaquePointer, inout OpaquePointer?) -> Int32
    ) throws(NetlinkError) -> Message {
        let octets = neighbour.mac.octets
        guard let request = rtnl_neigh_alloc(), let address = nl_addr(IPPrefix(host: neighbour.address)),
            let mac = nl_addr_build(AF_LLC, octets, octets.count)
        else { throw NetlinkError(operation: operation, errno: ENOMEM) }
        defer {
            nl_addr_put(address)
            nl_addr_put(mac)
            rtnl_neigh_put(request)
        }
        rtnl_neigh_set_ifindex(request, neighbour.link)
        rtnl_neigh_set_dst(request, address)
        rtnl_neigh_set_lladdr(request, mac)
        rtnl_neigh_set_state(request, NUD_PERMANENT)
        return try Message(operation: operation) { build(request, &$0) }
    }
}
