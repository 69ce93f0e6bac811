public import Addressing
internal import CNetlinkRoute
internal import Glibc

/// A unicast route with one next hop in a routing table (RTM_NEWROUTE).
public struct Route: Sendable, Hashable {
    public let destination: IPPrefix
    public let gateway: IPAddress?
    /// The index of the link it leaves by.
    public let link: Int32
    /// Who set it (rtm_protocol): `LinkAddress.ours`, 2 for the kernel.
    public let origin: UInt8
    public let table: UInt32
    public let metric: UInt32
    /// The source address it prefers.
    public let source: IPAddress?

    public init(
        destination: IPPrefix, gateway: IPAddress? = nil, link: Int32, origin: UInt8 = LinkAddress.ours,
        table: UInt32 = 254, metric: UInt32 = 0, source: IPAddress? = nil
    ) {
        self.destination = destination
        self.gateway = gateway
        self.link = link
        self.origin = origin
        self.table = table
        self.metric = metric
        self.source = source
    }

    /// Nil for what isn't a unicast route by one link.
    init?(_ payload: UnsafeRawBufferPointer) {
        guard payload.count >= MemoryLayout<rtmsg>.size else { return nil }
        let header = payload.loadUnaligned(as: rtmsg.self)
        guard header.rtm_type == UInt8(RTN_UNICAST), header.rtm_flags & UInt32(RTM_F_CLONED) == 0 else {
            return nil
        }
        let family: AddressFamily
        switch Int32(header.rtm_family) {
        case AF_INET: family = .ipv4
        case AF_INET6: family = .ipv6
        default: return nil
        }
        var destination = IPAddress(family: family, value: 0)
        var gateway, source: IPAddress?
        var link: Int32?
        var table = UInt32(header.rtm_table)
        var metric: UInt32 = 0
        for attribute in Attributes(after: MemoryLayout<rtmsg>.size, of: payload) {
            switch attribute.type {
            case Int(RTA_DST.rawValue): destination = IPAddress(bytes: Array(attribute.value)) ?? destination
            case Int(RTA_GATEWAY.rawValue): gateway = IPAddress(bytes: Array(attribute.value))
            case Int(RTA_PREFSRC.rawValue): source = IPAddress(bytes: Array(attribute.value))
            case Int(RTA_OIF.rawValue): link = attribute.integer()
            case Int(RTA_TABLE.rawValue): table = attribute.integer() ?? table
            case Int(RTA_PRIORITY.rawValue): metric = attribute.integer() ?? 0
            default: break
            }
        }
        guard let link, let prefix = IPPrefix(address: destination, length: Int(header.rtm_dst_len)) else { return nil }
        self.init(
            destination: prefix, gateway: gateway, link: link, origin: header.rtm_protocol, table: table,
            metric: metric, source: source)
    }
}

extension NetlinkSocket {
    /// The unicast routes of the namespace's main table; only those that `origin` set, if it is given.
    public func routes(
        of families: [AddressFamily] = AddressFamily.allCases, from origin: UInt8 = 0,
        _ patience: DumpPatience = .whole
    ) throws(NetlinkError) -> [Route] {
        var routes: [Route] = []
        for family in families {
            var header = rtmsg()
            header.rtm_family = UInt8(family.number)
            // The kernel leaves the others out: a host may have a million. (By table it would answer ENOENT for an empty one.)
            header.rtm_protocol = origin
            var builder = MessageBuilder(type: RTM_GETROUTE, flags: NLM_F_DUMP)
            builder.append(header)
            routes += try dump(builder.finish("list routes"), type: RTM_NEWROUTE, patience: patience, Route.init)
        }
        return routes.filter { $0.table == UInt32(RT_TABLE_MAIN.rawValue) && (origin == 0 || $0.origin == origin) }
    }
}

extension Message {
    /// Adds a route of ours to the main table; EEXIST when there is one to that destination.
    public static func addRoute(_ route: Route) throws(NetlinkError) -> Message {
        try build(route, "add route \(route.text)") {
            rtnl_route_build_add_request($0, NLM_F_CREATE | NLM_F_EXCL, &$1)
        }
    }

    /// Puts the route in the place of the one to that destination.
    public static func replaceRoute(_ route: Route) throws(NetlinkError) -> Message {
        try build(route, "replace route \(route.text)") {
            rtnl_route_build_add_request($0, NLM_F_CREATE | NLM_F_REPLACE, &$1)
        }
    }

    /// Removes a route that is ours.
    public static func removeRoute(_ route: Route) throws(NetlinkError) -> Message {
        try build(route, "remove route \(route.text)") { rtnl_route_build_del_request($0, 0, &$1) }
    }

    private static func build(
        _ route: Route, _ operation: String, _ build: (OpaquePointer, inout OpaquePointer?) -> Int32
    ) throws(NetlinkError) -> Message {
        guard let request = rtnl_route_alloc(), let hop = rtnl_route_nh_alloc(),
            let destination = nl_addr(route.destination)
        else { throw NetlinkError(operation: operation, errno: ENOMEM) }
        defer {
            nl_addr_put(destination)
            rtnl_route_put(request)  // and the hop, which it owns
        }
        rtnl_route_set_family(request, UInt8(route.destination.family.number))
        rtnl_route_set_table(request, route.table)
        rtnl_route_set_protocol(request, LinkAddress.ours)
        rtnl_route_set_dst(request, destination)
        if route.metric != 0 { rtnl_route_set_priority(request, route.metric) }
        rtnl_route_nh_set_ifindex(hop, route.link)
        if let gateway = route.gateway, let address = nl_addr(IPPrefix(host: gateway)) {
            rtnl_route_nh_set_gateway(hop, address)
            nl_addr_put(address)
        }
        rtnl_route_add_nexthop(request, hop)
        return try Message(operation: operation) { build(request, &$0) }
    }
}

extension Route {
    private var isDefault: Bool { destination.length == 0 }

    /// As `ip route` words it, without the link.
    fileprivate var text: String {
        (isDefault ? "default" : "\(destination)") + (gateway.map { " via \($0)" } ?? "")
    }
}
