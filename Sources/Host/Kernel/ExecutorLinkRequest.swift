internal import Dataplane
internal import Glibc
internal import Netlink

/// One message of a batch, and the step it is for.
struct LinkRequest: Sendable {
    enum Content: Sendable {
        case change(Int32, LinkChange)
        case port(Int32, LinkSpec.Port)
        case addressGeneration(Int32, Link.AddressGeneration)
        case addAddress(Int32, AddressSpec)
        case removeAddress(Int32, AddressSpec)
        case addRoute(Int32, RouteSpec)
        case replaceRoute(Int32, RouteSpec)
        case removeRoute(Int32, RouteSpec)
        case setNeighbour(Int32, NeighbourSpec)
        case removeNeighbour(Int32, NeighbourSpec)
    }

    let step: Step
    let content: Content
    /// Part of a creation that is noted already.
    let isFollowUp: Bool
    /// The last of a doomed link's: from then on it is the collector's.
    var dooms: Collector.Doomed?

    init(_ step: Step, _ content: Content, isFollowUp: Bool = false, dooms: Collector.Doomed? = nil) {
        self.step = step
        self.content = content
        self.isFollowUp = isFollowUp
        self.dooms = dooms
    }

    func message() throws(NetlinkError) -> Message {
        switch content {
        case .change(let link, let change): try .changeLink(link, change, called: step.action.object)
        case .port(let link, let port):
            try .setPort(
                link, Link.Port(isolated: port.isolated, hairpin: port.hairpin), called: step.action.object)
        case .addressGeneration(let link, let mode):
            try .setAddressGeneration(link, mode, called: step.action.object)
        case .addAddress(let link, let address): try .addAddress(address.prefix, to: link)
        case .removeAddress(let link, let address): try .removeAddress(address.prefix, from: link)
        case .addRoute(let link, let route): try .addRoute(Self.route(route, link))
        case .replaceRoute(let link, let route): try .replaceRoute(Self.route(route, link))
        case .removeRoute(let link, let route): try .removeRoute(Self.route(route, link))
        case .setNeighbour(let link, let neighbour): try .setNeighbour(Self.neighbour(neighbour, link))
        case .removeNeighbour(let link, let neighbour): try .removeNeighbour(Self.neighbour(neighbour, link))
        }
    }

    /// Whether a refusal means that nothing had to be done.
    func tolerates(_ errno: Int32) -> Bool {
        switch content {
        case .addressGeneration: errno == EAFNOSUPPORT  // a link without IPv6 makes no link-local address either
        case .removeAddress: errno == EADDRNOTAVAIL || errno == ENODEV
        case .removeRoute: errno == ESRCH || errno == ENODEV
        case .removeNeighbour: errno == ENOENT || errno == ENODEV
        case .change: errno == ENODEV && step.action.isRemoval
        case .port, .addAddress, .addRoute, .replaceRoute, .setNeighbour: false
        }
    }

    private static func route(_ spec: RouteSpec, _ link: Int32) -> Route {
        Route(destination: spec.id.destination, gateway: spec.gateway, link: link, metric: spec.metric)
    }

    private static func neighbour(_ spec: NeighbourSpec, _ link: Int32) -> Neighbour {
        Neighbour(link: link, address: spec.id.address, mac: spec.mac)
    }
}
