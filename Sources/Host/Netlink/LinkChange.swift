public import Addressing
internal import CNetlinkRoute
internal import Glibc

/// What to change about a link; nil members stay as they are.
public struct LinkChange: Sendable, Hashable {
    public var name: String?
    public var alias: String?
    public var group: UInt32?
    public var mac: MACAddress?
    /// In bytes.
    public var mtu: UInt32?
    /// The index of the bridge it shall be a port of; 0 for none.
    public var master: Int32?
    public var up: Bool?

    public init(
        name: String? = nil, alias: String? = nil, group: UInt32? = nil, mac: MACAddress? = nil, mtu: UInt32? = nil,
        master: Int32? = nil, up: Bool? = nil
    ) {
        self.name = name
        self.alias = alias
        self.group = group
        self.mac = mac
        self.mtu = mtu
        self.master = master
        self.up = up
    }

    public var isEmpty: Bool { self == LinkChange() }
}

extension Message {
    /// Changes a link. The kernel applies the members in its own order (`do_setlink`: MAC, MTU, group, name, alias,
    /// master, up) and stops at the first it refuses.
    public static func changeLink(
        _ index: Int32, _ change: LinkChange, called name: String
    ) throws(NetlinkError) -> Message {
        var header = ifinfomsg()
        header.ifi_index = index
        if let up = change.up {
            header.ifi_change = UInt32(IFF_UP)
            header.ifi_flags = up ? UInt32(IFF_UP) : 0
        }
        var builder = MessageBuilder(type: RTM_SETLINK, flags: NLM_F_ACK)
        builder.append(header)
        if let name = change.name { builder.put(IFLA_IFNAME, name) }
        if let alias = change.alias { builder.put(IFLA_IFALIAS, alias) }
        if let group = change.group { builder.put(IFLA_GROUP, group) }
        if let mac = change.mac { builder.put(IFLA_ADDRESS, mac) }
        if let mtu = change.mtu { builder.put(IFLA_MTU, mtu) }
        if let master = change.master { builder.put(IFLA_MASTER, master) }
        return try builder.finish("change link \(name)")
    }

    /// Sets both flags of a bridge port.
    public static func setPort(
        _ index: Int32, _ port: Link.Port, called name: String
    ) throws(NetlinkError) -> Message {
        var header = ifinfomsg()
        header.ifi_family = UInt8(AF_BRIDGE)
        header.ifi_index = index
        var builder = MessageBuilder(type: RTM_SETLINK, flags: NLM_F_ACK)
        builder.append(header)
        builder.nest(IFLA_PROTINFO) {
            $0.put(IFLA_BRPORT_MODE, UInt8(port.hairpin ? 1 : 0))
            $0.put(IFLA_BRPORT_ISOLATED, UInt8(port.isolated ? 1 : 0))
        }
        return try builder.finish("set the port flags of \(name)")
    }

    /// Says how a link gets its link-local address. EAFNOSUPPORT: it has no IPv6 at all (an MTU below 1280, or a kernel
    /// without).
    public static func setAddressGeneration(
        _ index: Int32, _ mode: Link.AddressGeneration, called name: String
    ) throws(NetlinkError) -> Message {
        var header = ifinfomsg()
        header.ifi_index = index
        var builder = MessageBuilder(type: RTM_SETLINK, flags: NLM_F_ACK)
        builder.append(header)
        builder.nest(IFLA_AF_SPEC) {
            $0.nest(Int(AF_INET6)) { $0.put(IFLA_INET6_ADDR_GEN_MODE, mode.rawValue) }
        }
        return try builder.finish("set the IPv6 mode of \(name)")
    }
}
