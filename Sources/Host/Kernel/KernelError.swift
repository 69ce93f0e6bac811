public import Dataplane
internal import Glibc
internal import NFTables
public import Netlink

/// What the kernel refused, with its own words.
public struct KernelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What it was about: "bridge front0", "address 10.0.0.1/24 on front0".
    public let object: String
    /// A positive errno value.
    public let errno: Int32
    /// The kernel's explanation, where it gave one.
    public let extack: String?
    /// The step of a plan that was refused; nil outside of plans.
    public let step: Step?
    /// The route of a container that an address would have clashed with; then `errno` is EEXIST.
    public let conflict: ConflictingRoute?

    public init(
        object: String, errno: Int32, extack: String? = nil, step: Step? = nil, conflict: ConflictingRoute? = nil
    ) {
        self.object = object
        self.errno = errno
        self.extack = extack
        self.step = step
        self.conflict = conflict
    }

    /// The refusal of a step.
    init(_ step: Step, errno: Int32, extack: String? = nil, conflict: ConflictingRoute? = nil) {
        self.init(object: step.action.object, errno: errno, extack: extack, step: step, conflict: conflict)
    }

    /// Whatever the workers of this module throw, as the refusal of a step.
    init(_ step: Step, _ error: any Error) {
        let (errno, extack) = Self.cause(of: error)
        self.init(step, errno: errno, extack: extack)
    }

    /// Whatever the workers of this module throw while they look at `object`.
    public init(object: String, _ error: any Error) {
        let (errno, extack) = Self.cause(of: error)
        self.init(object: object, errno: errno, extack: extack)
    }

    private static func cause(of error: any Error) -> (Int32, String?) {
        switch error {
        case let error as KernelError: (error.errno, error.extack)
        case let error as NetlinkError: (error.errno, error.extack)
        case let error as NFTablesError: (error.errno, nil)
        case let error as SystemCallError: (error.errno, nil)
        case .notANamespace(let path) as NamespaceError: (EINVAL, "\(path) is not a network namespace")
        case let error as NamespaceError: (error.errno, nil)
        default: (EIO, "\(error)")
        }
    }

    /// `<object>: <kernel text>[: <extack>]`
    public var description: String {
        "\(object): \(NetlinkError(operation: object, errno: errno, extack: extack).reason)"
    }

    /// Whether something of that name or kind is there already (EEXIST).
    public var isAlreadyThere: Bool { errno == EEXIST }

    /// Whether the step may have been planned from a state that is no longer so: something is there already, or gone.
    public var mayComeFromStaleCache: Bool {
        conflict == nil && [EEXIST, ENODEV, ENXIO, ENOENT, ESRCH, EADDRNOTAVAIL, ENETUNREACH].contains(errno)
    }
}

/// A route that is there already and overlaps an address to be added.
public struct ConflictingRoute: Sendable, Hashable, CustomStringConvertible {
    public let route: Route

    public init(_ route: Route) { self.route = route }

    /// As the Docker daemon prints one in "conflicts with existing route …".
    public var description: String {
        let source = route.source.map { "\($0)" } ?? "<nil>"
        let gateway = route.gateway.map { "\($0)" } ?? "<nil>"
        return "{Ifindex: \(route.link) Dst: \(route.destination) Src: \(source) Gw: \(gateway) Flags: [] "
            + "Table: \(route.table) Realm: 0}"
    }
}

extension Step.Action {
    /// The thing a step is about, as an error names it.
    var object: String {
        switch self {
        case .repairTable: "table inet fairlead"
        case .addElement(let element), .replaceElement(_, by: let element), .removeElement(let element):
            "element \(element)"
        case .createNamespace(let pin), .removeNamespace(let pin): "namespace \(pin.path)"
        case .createLink(let link, _), .changeLink(_, let link), .deleteLink(let link), .doomLink(let link):
            link.object
        case .setUp(let id), .setDown(let id): "interface \(id)"
        case .addAddress(let address), .removeAddress(let address): "address \(address.prefix) on \(address.link)"
        case .setRoute(let route), .removeRoute(let route): "\(route)"
        case .setNeighbour(let neighbour), .removeNeighbour(let neighbour):
            "neighbour \(neighbour.id.address) on \(neighbour.id.link)"
        case .writeSysctl(let id, _, _): "sysctl \(id)"
        }
    }
}

extension LinkSpec {
    fileprivate var object: String {
        switch kind {
        case .bridge: "bridge \(id)"
        case .veth: "veth \(id)"
        case .vethPeer, .loopback, .foreign: "interface \(id)"
        }
    }
}
