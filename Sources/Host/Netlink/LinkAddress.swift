public import Addressing
internal import CNetlinkRoute
internal import Glibc

/// An address of a link (RTM_NEWADDR).
public struct LinkAddress: Sendable, Hashable {
    /// The link's index.
    public let link: Int32
    public let prefix: IPPrefix
    /// Who set it (IFA_PROTO, linux/if_addr.h): `ours`, or the kernel's own numbers; nil where nobody said.
    public let origin: UInt8?

    /// The number our addresses and routes carry (IFA_PROTO, rtm_protocol): one the kernel and iproute2 leave free.
    public static let ours: UInt8 = 87

    /// A link-local address the kernel made by itself.
    public var isAutomatic: Bool { prefix.family == .ipv6 && prefix.address.isLinkLocalUnicast && origin != Self.ours }

    /// From what follows the nlmsghdr of RTM_NEWADDR or RTM_DELADDR; nil if that is not whole.
    public init?(_ payload: UnsafeRawBufferPointer) {
        guard payload.count >= MemoryLayout<ifaddrmsg>.size else { return nil }
        let header = payload.loadUnaligned(as: ifaddrmsg.self)
        var address: IPAddress?
        var local: IPAddress?
        var origin: UInt8?
        for attribute in Attributes(after: MemoryLayout<ifaddrmsg>.size, of: payload) {
            switch attribute.type {
            case IFA_ADDRESS: address = IPAddress(bytes: Array(attribute.value))
            case IFA_LOCAL: local = IPAddress(bytes: Array(attribute.value))
            case ifaProto: origin = attribute.integer()
            default: break
            }
        }
        guard let address = local ?? address, let prefix = IPPrefix(address: address, length: Int(header.ifa_prefixlen))
        else { return nil }
        link = Int32(bitPattern: header.ifa_index)
        self.prefix = prefix
        self.origin = origin
    }
}

/// IFA_PROTO, Linux 5.18; older kernels ignore it.
private let ifaProto = 11

extension NetlinkSocket {
    /// Every address of the namespace, of both families.
    public func addresses(_ patience: DumpPatience = .whole) throws(NetlinkError) -> [LinkAddress] {
        try addresses(ifaddrmsg(), patience)
    }

    /// The addresses of one link; none when it is gone.
    public func addresses(of link: Int32) throws(NetlinkError) -> [LinkAddress] {
        var header = ifaddrmsg()
        header.ifa_index = UInt32(bitPattern: link)
        do {
            return try addresses(header, .whole).filter { $0.link == link }
        } catch  where error.errno == ENODEV {
            return []
        }
    }

    private func addresses(_ header: ifaddrmsg, _ patience: DumpPatience) throws(NetlinkError) -> [LinkAddress] {
        var builder = MessageBuilder(type: RTM_GETADDR, flags: NLM_F_DUMP)
        builder.append(header)
        return try dump(builder.finish("list addresses"), type: RTM_NEWADDR, patience: patience, LinkAddress.init)
    }
}

extension Message {
    /// Adds an address; IPv6 without duplicate address detection (RFC 4862 section 5.4), so that it works at once.
    public static func addAddress(_ prefix: IPPrefix, to link: Int32) throws(NetlinkError) -> Message {
        try address(prefix, on: link, "add address \(prefix)") { address, message in
            rtnl_addr_build_add_request(address, NLM_F_EXCL, &message)
        }
    }

    public static func removeAddress(_ prefix: IPPrefix, from link: Int32) throws(NetlinkError) -> Message {
        try address(prefix, on: link, "remove address \(prefix)") { address, message in
            rtnl_addr_build_delete_request(address, 0, &message)
        }
    }

    private static func address(
        _ prefix: IPPrefix, on link: Int32, _ operation: String,
        _ build: (OpaquePointer, inout OpaquePointer?) -> Int32
    ) throws(NetlinkError) -> Message {
        guard let address = rtnl_addr_alloc(), let local = nl_addr(prefix) else {
            throw NetlinkError(operation: operation, errno: ENOMEM)
        }
        defer {
            nl_addr_put(local)
            rtnl_addr_put(address)
        }
        rtnl_addr_set_ifindex(address, link)
        rtnl_addr_set_local(address, local)
        if prefix.family == .ipv6 { rtnl_addr_set_flags(address, UInt32(IFA_F_NODAD)) }
        return try Message(operation: operation, appending: { nla_put_u8($0, Int32(ifaProto), LinkAddress.ours) }) {
            build(address, &$0)
        }
    }
}

/// libnl's form of an address with its prefix length; the caller gives it back with `nl_addr_put`.
func nl_addr(_ prefix: IPPrefix) -> OpaquePointer? {
    let bytes = prefix.address.bytes
    let address = nl_addr_build(prefix.family.number, bytes, bytes.count)
    nl_addr_set_prefixlen(address, Int32(prefix.length))
    return address
}

extension AddressFamily {
    /// AF_INET or AF_INET6.
    var number: Int32 { self == .ipv4 ? AF_INET : AF_INET6 }
}
