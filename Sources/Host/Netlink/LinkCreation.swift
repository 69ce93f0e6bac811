public import Addressing
internal import CNetlinkRoute

extension Message {
    /// What a link is created with. The kernel ignores an alias in a creating message and applies no IPv6 mode: both are
    /// for a `LinkChange` after it.
    public struct NewLink: Sendable, Hashable {
        public var name: String
        /// Chosen by us, so that later messages can refer to it; EEXIST when it is taken, of a
        /// veth's peer EBUSY.
        public var index: Int32
        public var group: UInt32
        public var mac: MACAddress?
        /// In bytes. Of a bridge, set it by a `LinkChange`: given at creation, it follows the ports.
        public var mtu: UInt32?
        /// The index of the bridge it becomes a port of.
        public var master: Int32?

        public init(
            name: String, index: Int32, group: UInt32, mac: MACAddress? = nil, mtu: UInt32? = nil, master: Int32? = nil
        ) {
            self.name = name
            self.index = index
            self.group = group
            self.mac = mac
            self.mtu = mtu
            self.master = master
        }
    }

    /// Creates a bridge, down.
    public static func createBridge(_ bridge: NewLink) throws(NetlinkError) -> Message {
        var builder = creation(of: bridge)
        builder.nest(IFLA_LINKINFO) { $0.put(IFLA_INFO_KIND, "bridge") }
        return try builder.finish("create bridge \(bridge.name)")
    }

    /// Creates both ends of a veth pair, down.
    ///
    /// The descriptor of the namespace that the peer is born in has to stay open until the message is sent; nil is the
    /// socket's own namespace.
    public static func createVeth(
        _ link: NewLink, peer: NewLink, inNamespace namespace: Int32?
    ) throws(NetlinkError) -> Message {
        var builder = creation(of: link)
        builder.nest(IFLA_LINKINFO) {
            $0.put(IFLA_INFO_KIND, "veth")
            $0.nest(IFLA_INFO_DATA) {
                $0.nest(VETH_INFO_PEER) {
                    $0.append(header(of: peer))
                    $0.putMembers(of: peer)
                    if let namespace { $0.put(IFLA_NET_NS_FD, namespace) }
                }
            }
        }
        return try builder.finish("create veth \(link.name)")
    }

    private static func creation(of link: NewLink) -> MessageBuilder {
        var builder = MessageBuilder(type: RTM_NEWLINK, flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
        builder.append(header(of: link))
        builder.putMembers(of: link)
        return builder
    }

    private static func header(of link: NewLink) -> ifinfomsg {
        var header = ifinfomsg()
        header.ifi_index = link.index
        return header
    }
}

extension MessageBuilder {
    fileprivate mutating func putMembers(of link: Message.NewLink) {
        put(IFLA_IFNAME, link.name)
        put(IFLA_GROUP, link.group)
        if let mac = link.mac { put(IFLA_ADDRESS, mac) }
        if let mtu = link.mtu { put(IFLA_MTU, mtu) }
        if let master = link.master { put(IFLA_MASTER, master) }
    }
}
