public import Addressing

/// A link's identity: a name is unique in its namespace.
public struct LinkID: Sendable, Hashable, Comparable {
    public let namespace: Namespace
    public let name: String

    public init(_ name: String, in namespace: Namespace = .daemon) {
        self.namespace = namespace
        self.name = name
    }

    public static func < (left: LinkID, right: LinkID) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}

/// What a link shall be. `nil` members are not ours to say: the kernel's choice stands and is not compared.
public struct LinkSpec: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case bridge
        /// The end of a veth pair in the daemon's namespace; creating it creates `peer`, too.
        case veth(peer: LinkID)
        /// The other end. It comes and goes with `peer`.
        case vethPeer(of: LinkID)
        /// `lo`: there from the namespace's first moment, only brought up.
        case loopback
        /// A link we use but did not make (an adopted bridge): its addresses may be ours, it is never deleted.
        case foreign
    }

    /// Flags of a bridge port (linux/if_link.h, IFLA_BRPORT_*).
    public struct Port: Sendable, Hashable {
        /// No frames to other isolated ports (`icc=false`).
        public var isolated: Bool
        /// Frames may leave by the port they came in.
        public var hairpin: Bool

        public init(isolated: Bool = false, hairpin: Bool = false) {
            self.isolated = isolated
            self.hairpin = hairpin
        }
    }

    public var id: LinkID
    public var kind: Kind
    /// `fairlead:<network>[:<endpoint>]`; empty for a loopback or foreign link.
    public var alias: String
    public var mac: MACAddress?
    /// In bytes.
    public var mtu: UInt32?
    /// The name of the bridge it is a port of, in the same namespace.
    public var master: String?
    public var port: Port?
    /// No link-local address by itself (IFLA_INET6_ADDR_GEN_MODE none): a link without IPv6.
    public var withoutLinkLocal: Bool
    public var up: Bool

    public init(
        id: LinkID, kind: Kind, alias: String = "", mac: MACAddress? = nil, mtu: UInt32? = nil, master: String? = nil,
        port: Port? = nil, withoutLinkLocal: Bool = false, up: Bool = true
    ) {
        self.id = id
        self.kind = kind
        self.alias = alias
        self.mac = mac
        self.mtu = mtu
        self.master = master
        self.port = port
        self.withoutLinkLocal = withoutLinkLocal
        self.up = up
    }

    /// Whether Fairlead makes and deletes it.
    public var isOwned: Bool {
        switch kind {
        case .bridge, .veth, .vethPeer: true
        case .loopback, .foreign: false
        }
    }
}
