public import Addressing
internal import CNetlinkRoute
internal import Glibc

/// A network interface as the kernel describes it (rtnetlink(7), RTM_NEWLINK).
public struct Link: Sendable, Hashable {
    public let index: Int32
    public var name = ""
    /// The driver's name for it: `bridge`, `veth`; empty for `lo` and hardware.
    public var kind = ""
    public var isLoopback = false
    public var isUp = false
    public var alias = ""
    public var group: UInt32 = 0
    public var mac: MACAddress?
    /// In bytes.
    public var mtu: UInt32 = 0
    /// The index of the bridge (or other device) it is a port of.
    public var master: Int32?
    /// IFLA_LINK: of a veth, the index of its other end, in the namespace `peerNamespace` or, if that is nil, in this one.
    public var peer: Int32?
    /// The id by which this namespace knows the one its other end is in.
    public var peerNamespace: Int32?
    /// Flags of a bridge port; nil for a link that isn't one.
    public var port: Port?
    /// How the link gets its link-local address; nil for a link without IPv6.
    public var addressGeneration: AddressGeneration?

    /// IFLA_BRPORT_ISOLATED and IFLA_BRPORT_MODE (linux/if_link.h).
    public struct Port: Sendable, Hashable {
        public var isolated: Bool
        public var hairpin: Bool

        public init(isolated: Bool = false, hairpin: Bool = false) {
            self.isolated = isolated
            self.hairpin = hairpin
        }
    }

    /// `enum in6_addr_gen_mode` (linux/if_link.h).
    public enum AddressGeneration: UInt8, Sendable, Hashable {
        case eui64 = 0
        case none = 1
        case stablePrivacy = 2
        case random = 3
    }

    init?(_ payload: UnsafeRawBufferPointer) {
        guard payload.count >= MemoryLayout<ifinfomsg>.size else { return nil }
        let header = payload.loadUnaligned(as: ifinfomsg.self)
        index = header.ifi_index
        isUp = header.ifi_flags & UInt32(IFF_UP) != 0
        isLoopback = header.ifi_flags & UInt32(IFF_LOOPBACK) != 0
        for attribute in Attributes(after: MemoryLayout<ifinfomsg>.size, of: payload) { take(attribute) }
    }

    private mutating func take(_ attribute: Attributes.Attribute) {
        switch attribute.type {
        case IFLA_IFNAME: name = attribute.text
        case IFLA_IFALIAS: alias = attribute.text
        case IFLA_GROUP: group = attribute.integer() ?? 0
        case IFLA_ADDRESS: mac = MACAddress(octets: Array(attribute.value))
        case IFLA_MTU: mtu = attribute.integer() ?? 0
        case IFLA_MASTER: master = attribute.integer()
        case IFLA_LINK: peer = attribute.integer()
        case IFLA_LINK_NETNSID: peerNamespace = attribute.integer()
        case IFLA_LINKINFO: takeInformation(attribute.nested)
        case IFLA_AF_SPEC: takeFamilies(attribute.nested)
        default: break
        }
    }

    private mutating func takeInformation(_ attributes: Attributes) {
        var isPort = false
        var flags = Port()
        for attribute in attributes {
            switch attribute.type {
            case IFLA_INFO_KIND: kind = attribute.text
            case IFLA_INFO_SLAVE_KIND: isPort = attribute.text == "bridge"
            case IFLA_INFO_SLAVE_DATA:
                for flag in attribute.nested {
                    switch flag.type {
                    case IFLA_BRPORT_ISOLATED: flags.isolated = flag.integer(as: UInt8.self) == 1
                    case IFLA_BRPORT_MODE: flags.hairpin = flag.integer(as: UInt8.self) == 1
                    default: break
                    }
                }
            default: break
            }
        }
        if isPort { port = flags }
    }

    private mutating func takeFamilies(_ attributes: Attributes) {
        for family in attributes where family.type == Int(AF_INET6) {
            for attribute in family.nested where attribute.type == IFLA_INET6_ADDR_GEN_MODE {
                addressGeneration = attribute.integer().flatMap(AddressGeneration.init(rawValue:))
            }
        }
    }
}

/// RTEXT_FILTER_SKIP_STATS (linux/rtnetlink.h): statistics are half of a dump's bytes.
private let withoutStatistics: UInt32 = 1 << 3

extension NetlinkSocket {
    /// Every link of the namespace.
    public func links(_ patience: DumpPatience = .whole) throws(NetlinkError) -> [Link] {
        var builder = MessageBuilder(type: RTM_GETLINK, flags: NLM_F_DUMP)
        builder.append(ifinfomsg())
        builder.put(IFLA_EXT_MASK, withoutStatistics)
        return try dump(builder.finish("list links"), type: RTM_NEWLINK, patience: patience, Link.init)
    }

    /// The links with those names, asked for in one send; a name that no link has is missing in the answer.
    public func links(named names: some Collection<String>) throws(NetlinkError) -> [String: Link] {
        var requests: [Message] = []
        for name in names { requests.append(try Message.getLink(named: name)) }
        var found: [String: Link] = [:]
        let answers = try transact(requests) { _, type, payload in
            guard type == UInt16(RTM_NEWLINK), let link = Link(payload) else { return }
            found[link.name] = link
        }
        for (request, answer) in zip(requests, answers) {
            switch answer.errno {
            // No link has a name that is too long.
            case 0, ENODEV, ERANGE: continue
            default: throw NetlinkError(operation: request.operation, errno: answer.errno, extack: answer.extack)
            }
        }
        return found
    }
}

extension Message {
    fileprivate static func getLink(named name: String) throws(NetlinkError) -> Message {
        var builder = MessageBuilder(type: RTM_GETLINK, flags: NLM_F_ACK)
        builder.append(ifinfomsg())
        builder.put(IFLA_IFNAME, name)
        builder.put(IFLA_EXT_MASK, withoutStatistics)
        return try builder.finish("look up link \(name)")
    }
}
