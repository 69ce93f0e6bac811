internal import CNetlinkRoute
internal import Glibc

/// What an rtnetlink message that nobody asked for tells (rtnetlink(7)).
public enum Notification: Sendable, Hashable {
    case link(Link, isGone: Bool)
    /// A bridge port's flags (a message of family AF_BRIDGE).
    case port(Int32, Link.Port)
    case addressGone(LinkAddress)
    /// A unicast route of the main table came or went.
    case route(isDefault: Bool, origin: UInt8)
    /// A setting in `net.*.conf` of the link; -1 for `all`, -2 for `default` (linux/netconf.h).
    case settings(Int32)
    /// An id for another namespace came or went.
    case namespaceNumber(Int32)

    /// Nil for what is none of these.
    ///
    /// - Parameters:
    ///   - type: nlmsg_type.
    ///   - payload: what follows the nlmsghdr.
    public init?(type: UInt16, _ payload: UnsafeRawBufferPointer) {
        switch Int(type) {
        case RTM_NEWLINK, RTM_DELLINK:
            if payload.first == UInt8(AF_BRIDGE) {
                guard Int(type) == RTM_NEWLINK, let (index, port) = Self.port(payload) else { return nil }
                self = .port(index, port)
                return
            }
            guard let link = Link(payload) else { return nil }
            self = .link(link, isGone: Int(type) == RTM_DELLINK)
        case RTM_DELADDR:
            guard let address = LinkAddress(payload) else { return nil }
            self = .addressGone(address)
        case RTM_NEWROUTE, RTM_DELROUTE:
            guard payload.count >= MemoryLayout<rtmsg>.size else { return nil }
            let header = payload.loadUnaligned(as: rtmsg.self)
            guard header.rtm_table == UInt8(RT_TABLE_MAIN.rawValue), header.rtm_type == UInt8(RTN_UNICAST) else {
                return nil
            }
            self = .route(isDefault: header.rtm_dst_len == 0, origin: header.rtm_protocol)
        case RTM_NEWNETCONF:
            guard let index = Self.number(1, after: 1, of: payload) else { return nil }
            self = .settings(index)
        case RTM_NEWNSID, RTM_DELNSID:
            guard let number = Self.number(Int(NETNSA_NSID), after: MemoryLayout<rtgenmsg>.size, of: payload) else {
                return nil
            }
            self = .namespaceNumber(number)
        default: return nil
        }
    }

    /// The index of the link that a link, address or settings message is about, without a look at the rest.
    public static func linkIndex(type: UInt16, _ payload: UnsafeRawBufferPointer) -> Int32? {
        switch Int(type) {
        case RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR:
            payload.count >= 8 ? payload.loadUnaligned(fromByteOffset: 4, as: Int32.self) : nil
        default: nil
        }
    }

    /// Whether a link message's group is one of these, or its alias begins so: without taking the message apart.
    public static func isMarked(
        _ payload: UnsafeRawBufferPointer, groups: (UInt32, UInt32), aliasPrefix: String
    ) -> Bool {
        for attribute in Attributes(after: MemoryLayout<ifinfomsg>.size, of: payload) {
            switch attribute.type {
            case IFLA_GROUP:
                let group: UInt32? = attribute.integer()
                if group == groups.0 || group == groups.1 { return true }
            case IFLA_IFALIAS:
                if attribute.value.starts(with: aliasPrefix.utf8) { return true }
            default: break
            }
        }
        return false
    }

    private static func number(_ type: Int, after size: Int, of payload: UnsafeRawBufferPointer) -> Int32? {
        for attribute in Attributes(after: size, of: payload) where attribute.type == type {
            return attribute.integer()
        }
        return nil
    }

    /// IFLA_PROTINFO of a port's message (net/bridge/br_netlink.c, `br_fill_ifinfo`).
    private static func port(_ payload: UnsafeRawBufferPointer) -> (Int32, Link.Port)? {
        guard payload.count >= MemoryLayout<ifinfomsg>.size else { return nil }
        let index = payload.loadUnaligned(as: ifinfomsg.self).ifi_index
        for attribute in Attributes(after: MemoryLayout<ifinfomsg>.size, of: payload)
        where attribute.type == IFLA_PROTINFO {
            var port = Link.Port()
            for flag in attribute.nested {
                switch flag.type {
                case IFLA_BRPORT_ISOLATED: port.isolated = flag.integer(as: UInt8.self) == 1
                case IFLA_BRPORT_MODE: port.hairpin = flag.integer(as: UInt8.self) == 1
                default: break
                }
            }
            return (index, port)
        }
        return nil
    }
}
