internal import Dataplane
internal import Glibc
internal import Netlink

/// Which links are ours, by index, and what was last heard of them: what tells a change of ours or of no interest from
/// one that calls for a look.
struct MonitorKnowledge: Sendable {
    private struct Place: Hashable {
        /// Nil for the daemon's namespace.
        let namespace: Int32?
        let index: Int32
    }

    private let groups: LinkGroups
    /// Nil as long as nothing was heard of it but that it is there.
    private var known: [Place: Link?] = [:]

    init(groups: LinkGroups) {
        self.groups = groups
    }

    /// Reads which links there are, the other ends of veths included.
    mutating func learn() throws(NetlinkError) {
        known = [:]
        for link in try NetlinkSocket().links(.union) where groups.own(link) {
            known[Place(namespace: nil, index: link.index)] = link
            if link.kind == "veth", let peer = link.peer {
                known[Place(namespace: link.peerNamespace, index: peer)] = .some(nil)
            }
        }
    }

    /// Adds what a message calls for to a hint.
    mutating func take(_ header: MonitorSocket.Header, _ payload: UnsafeRawBufferPointer, into hint: inout DriftHint) {
        if let index = Notification.linkIndex(type: header.type, payload) {
            // Foreign links come and go by the thousand.
            let isKnown = known[Place(namespace: header.namespace, index: index)] != nil
            let isLink = header.type == 16 || header.type == 17
            if isLink, !isKnown, !(header.namespace != nil && index == 1),
                !Notification.isMarked(
                    payload, groups: (groups.owned, groups.doomed), aliasPrefix: LinkGroups.aliasPrefix)
            {
                return
            }
        }
        guard let notification = Notification(type: header.type, payload) else { return }
        let isOwn = PortNumbers.areOurs(header.sender)
        let before = hint
        switch notification {
        case .link(let link, let isGone): take(link, isGone, header.namespace, isOwn, &hint)
        case .port(let index, let port): take(port, of: index, header.namespace, isOwn, &hint)
        case .addressGone(let address):
            let place = Place(namespace: header.namespace, index: address.link)
            guard !isOwn, !address.isAutomatic, address.origin == LinkAddress.ours || known[place] != nil else {
                return
            }
            note(place, &hint)
        case .route(let isDefault, let origin):
            guard !isOwn, let namespace = header.namespace, isDefault || origin == LinkAddress.ours else { return }
            hint.namespaces.insert(namespace)
        case .settings(let index):
            guard index < 0 || known[Place(namespace: header.namespace, index: index)] != nil else { return }
            if let namespace = header.namespace {
                if index > 0 { hint.namespaces.insert(namespace) }
            } else {
                hint.settings = true
            }
        case .namespaceNumber(let number):
            guard header.namespace == nil else { return }
            known = known.filter { $0.key.namespace != number }
            return
        }
        if hint != before, let suspect = Self.suspect(header.sender) { hint.suspects.insert(suspect) }
    }

    private mutating func take(
        _ link: Link, _ isGone: Bool, _ namespace: Int32?, _ isOwn: Bool, _ hint: inout DriftHint
    ) {
        let place = Place(namespace: namespace, index: link.index)
        let earlier = known[place] ?? nil
        let isLoopback = namespace != nil && link.isLoopback
        if isGone {
            guard known.removeValue(forKey: place) != nil || groups.own(link) || isLoopback else { return }
        } else {
            if !isLoopback || known[place] != nil { known[place] = link }
            if link.kind == "veth", namespace == nil, let peer = link.peer {
                let other = Place(namespace: link.peerNamespace, index: peer)
                if known[other] == nil { known[other] = .some(nil) }
            }
            // Carrier, statistics, counters of promiscuity: nothing that we look at.
            if earlier == link { return }
        }
        // What is on its way out is ours, and nobody wants it back.
        guard !isOwn, !groups.isDoomed(link) else { return }
        if namespace == nil {
            // Going down and losing a name leave traces elsewhere.
            let isRenamed = earlier.map { $0.name != link.name } ?? false
            let hasGoneDown = earlier?.isUp == true && !link.isUp
            if isGone || isRenamed || hasGoneDown {
                hint.note([link.name, earlier?.name].compactMap(\.self))
            } else {
                hint.see(link.name, spec(link))
            }
        }
        if let namespace { hint.namespaces.insert(namespace) }
    }

    private mutating func take(
        _ port: Link.Port, of index: Int32, _ namespace: Int32?, _ isOwn: Bool, _ hint: inout DriftHint
    ) {
        let place = Place(namespace: namespace, index: index)
        guard namespace == nil, var link = known[place] ?? nil, link.port != port else { return }
        link.port = port
        known[place] = link
        if !isOwn { hint.note([link.name]) }
    }

    private func note(_ place: Place, _ hint: inout DriftHint) {
        if let namespace = place.namespace {
            hint.namespaces.insert(namespace)
        } else if let link = known[place] ?? nil {
            hint.note([link.name])
        } else {
            // An address of ours on a bridge that isn't: by its name, as long as it has one.
            var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
            if if_indextoname(UInt32(bitPattern: place.index), &name) != nil {
                hint.note([String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)])
            }
        }
    }

    /// A link of the daemon's namespace as it is now; of which kind is not in it.
    private func spec(_ link: Link) -> LinkSpec {
        LinkSpec(
            id: LinkID(link.name), kind: .foreign, alias: link.alias, mac: link.mac, mtu: link.mtu,
            master: link.master.flatMap { known[Place(namespace: nil, index: $0)]??.name },
            port: link.port.map { LinkSpec.Port(isolated: $0.isolated, hairpin: $0.hairpin) },
            withoutLinkLocal: link.addressGeneration == nil || link.addressGeneration == Link.AddressGeneration.none,
            up: link.isUp)
    }

    /// A socket's number usually is its process's.
    private static func suspect(_ number: UInt32) -> String? {
        guard number > 0, number < 1 << 22, let name = try? TextFile.read("/proc/\(number)/comm") else { return nil }
        return "\(name.prefix { $0 != "\n" }) (process \(number))"
    }
}
