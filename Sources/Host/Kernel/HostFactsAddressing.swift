public import Addressing
public import Netlink

/// What of the host's own addressing a new subnet must keep off (DESIGN section 5, "IPAM and the host").
public struct HostPrefixes: Sendable, Hashable {
    /// Interface addresses with their prefixes, on-link routes, nameservers.
    public var reserved: [IPPrefix] = []
    /// The destinations of all other routes of the main table that are longer than /8.
    public var routes: [IPPrefix] = []

    /// Reads them in the namespace of the socket, without those of links in `groups`: our own networks, whose subnets
    /// IPAM knows better.
    ///
    /// - Throws: `NetlinkError`.
    public static func read(
        on socket: NetlinkSocket, without groups: Set<UInt32> = [], resolver: [IPAddress] = Resolver.nameservers()
    ) throws(NetlinkError) -> HostPrefixes {
        let ours: Set<Int32> =
            groups.isEmpty ? [] : Set(try socket.links(.union).filter { groups.contains($0.group) }.map(\.index))
        return HostPrefixes(
            addresses: try socket.addresses(.union), routes: try socket.routes(.union), nameservers: resolver,
            isOurs: ours.contains)
    }

    init(
        addresses: [LinkAddress], routes: [Route], nameservers: [IPAddress], isOurs: (Int32) -> Bool
    ) {
        reserved = addresses.filter { !isOurs($0.link) }.map(\.prefix.masked)
        for route in routes where !isOurs(route.link) {
            // A default route without a gateway (a tunnel's) is on-link for everything, which would leave nothing.
            if route.gateway == nil, route.destination.length > 0 {
                reserved.append(route.destination)
            } else if route.destination.length > 8 {
                self.routes.append(route.destination)
            }
        }
        reserved += nameservers.map(IPPrefix.init(host:))
    }
}

/// resolv.conf(5).
public enum Resolver {
    /// Where they are told.
    static let files = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"]

    /// The nameservers the host asks, those behind systemd-resolved's stub (127.0.0.53) included. None without the file.
    public static func nameservers() -> [IPAddress] {
        let servers = nameservers(in: files[0])
        guard servers == [IPAddress("127.0.0.53")] else { return servers }
        return servers + nameservers(in: files[1])
    }

    private static func nameservers(in path: String) -> [IPAddress] {
        (try? TextFile.read(path)).map(parse) ?? []
    }

    /// A keyword is at the start of its line; an IPv6 address may name its interface behind `%`.
    static func parse(_ text: String) -> [IPAddress] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.split(whereSeparator: \.isWhitespace)
            guard line.hasPrefix("nameserver"), words.count >= 2, words[0] == "nameserver" else { return nil }
            return IPAddress(String(words[1].prefix { $0 != "%" }))
        }
    }
}
