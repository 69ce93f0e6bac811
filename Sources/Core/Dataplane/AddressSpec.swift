public import Addressing

/// An address on a link; its own identity (the kernel allows one of a kind, RFC 4291 §2.1).
public struct AddressSpec: Sendable, Hashable {
    public let link: LinkID
    /// Address and on-link prefix length. IPv6 addresses are added without duplicate address detection.
    public let prefix: IPPrefix

    public init(link: LinkID, prefix: IPPrefix) {
        self.link = link
        self.prefix = prefix
    }
}

/// A route of ours in a container's main table.
public struct RouteSpec: Sendable, Hashable {
    /// Family and destination in one namespace: one route of ours each.
    public struct ID: Sendable, Hashable {
        public let namespace: Namespace
        /// `0.0.0.0/0` or `::/0` for a default route.
        public let destination: IPPrefix

        public init(namespace: Namespace, destination: IPPrefix) {
            self.namespace = namespace
            self.destination = destination
        }
    }

    public let id: ID
    /// The next hop; nil for an on-link route.
    public let gateway: IPAddress?
    /// The name of the link it leaves by.
    public let device: String

    /// In an adopted namespace its owner's routes go first (the kernel's and DHCP clients' metrics are below), and ours
    /// stand beside them; else the kernel's own.
    public var metric: UInt32 { id.namespace.isAdopted ? 32_768 : 0 }

    public init(id: ID, gateway: IPAddress?, device: String) {
        self.id = id
        self.gateway = gateway
        self.device = device
    }
}

/// A permanent neighbour or forwarding entry.
public struct NeighbourSpec: Sendable, Hashable {
    public struct ID: Sendable, Hashable {
        public let link: LinkID
        public let address: IPAddress

        public init(link: LinkID, address: IPAddress) {
            self.link = link
            self.address = address
        }
    }

    public let id: ID
    public let mac: MACAddress

    public init(id: ID, mac: MACAddress) {
        self.id = id
        self.mac = mac
    }
}

/// A sysctl of one namespace.
public struct SysctlID: Sendable, Hashable {
    public let namespace: Namespace
    /// Below `/proc/sys`, for example `net/ipv6/conf/eth0/disable_ipv6`.
    public let path: String

    public init(_ path: String, in namespace: Namespace = .daemon) {
        self.namespace = namespace
        self.path = path
    }

    /// The link whose own it is: `net/<family>/conf/<link>/…`, or `neigh` in the place of `conf`.
    public var link: LinkID? {
        let parts = path.split(separator: "/")
        guard parts.count > 4, parts[2] == "conf" || parts[2] == "neigh" else { return nil }
        return LinkID(String(parts[3]), in: namespace)
    }
}
