import Addressing

/// What becomes of each link between two states.
///
/// A veth pair is one thing to the kernel: if one end is missing or of the wrong kind, the pair is made anew.
struct LinkChanges {
    private var created: [LinkSpec] = []
    private var removed: [LinkSpec] = []
    private var changed: [(from: LinkSpec, to: LinkSpec)] = []
    private var lost: Set<LinkID> = []
    private let desired: [LinkID: LinkSpec]

    init(from observed: State, to desired: State) {
        self.desired = desired.links
        let broken = Self.broken(observed.links, desired.links)
        for spec in desired.links.values.sorted(by: { $0.id < $1.id }) {
            guard let old = observed.links[spec.id], !broken.contains(spec.id) else {
                created.append(spec)
                continue
            }
            if !old.fulfils(spec) { changed.append((old, spec)) }
        }
        for spec in observed.links.values.sorted(by: { $0.id < $1.id })
        where spec.isOwned && (desired.links[spec.id] == nil || broken.contains(spec.id)) {
            lost.insert(spec.id)
            removed.append(spec)
        }
    }

    /// Links that are there but can't be made right by a change, the other ends of theirs included.
    private static func broken(_ observed: [LinkID: LinkSpec], _ desired: [LinkID: LinkSpec]) -> Set<LinkID> {
        var broken: Set<LinkID> = []
        for (id, spec) in desired {
            guard let old = observed[id] else {
                if let other = spec.otherEnd { broken.formUnion([id, other]) }
                continue
            }
            if old.kind != spec.kind, spec.isOwned || old.isOwned {
                broken.insert(id)
                broken.formUnion([old.otherEnd, spec.otherEnd].compactMap(\.self))
            }
        }
        return broken
    }

    /// What is still there of an observed state once the removals are done.
    func survivors(of observed: State) -> State {
        guard !lost.isEmpty else { return observed }
        var departures = Departures()
        departures.links = lost
        var state = observed
        state.remove(departures)
        return state
    }

    func removes(_ id: LinkID) -> Bool { lost.contains(id) }

    /// The peer of a veth goes with it, so only the end in the daemon's namespace gets a step.
    func removals(_ removal: LinkRemoval) -> [Step] {
        let anew = Set(created.map(\.id))
        return removed.sorted { $0.removalRank < $1.removalRank }.flatMap { spec -> [Step] in
            if case .vethPeer(let other) = spec.kind, lost.contains(other) { return [] }
            // A doomed veth's other end keeps name and addresses until the collector comes: in the way of a new one.
            let isInTheWay = [spec.id, spec.otherEnd].contains { $0.map(anew.contains) == true }
            let reason = isInTheWay ? "has to be made anew" : "no longer wanted"
            switch isInTheWay ? .awaited : removal {
            case .deferred: return [Step(.doomLink(spec), reason: reason)]
            case .awaited: return [Step(.setDown(spec.id), reason: reason), Step(.deleteLink(spec), reason: reason)]
            }
        }
    }

    /// Bridges before their ports. A peer is made with its veth.
    func creations() -> [Step] {
        created.sorted { $0.creationRank < $1.creationRank }.compactMap { spec in
            switch spec.kind {
            case .bridge: Step(.createLink(spec, peer: nil), reason: "missing")
            case .veth(let peer): Step(.createLink(spec, peer: desired[peer]), reason: "missing")
            case .vethPeer, .loopback, .foreign: nil
            }
        }
    }

    /// By namespace.
    func changes() -> [Namespace: [Step]] {
        var steps: [Namespace: [Step]] = [:]
        for (old, new) in changed {
            var levelled = old
            levelled.up = new.up
            if levelled.fulfils(new) { continue }
            let step = Step(.changeLink(from: old, to: new), reason: old.difference(to: new))
            steps[new.id.namespace, default: []].append(step)
        }
        return steps
    }

    /// What has to be brought up (or taken down) after everything else about it is right, by namespace.
    func rises() -> [Namespace: [Step]] {
        let risen = created.filter(\.up).map { ($0, "is down") }
        let altered = changed.filter { $0.from.up != $0.to.up }.map { ($0.to, $0.to.up ? "is down" : "is up") }
        let ordered = (risen + altered).sorted { ($0.0.creationRank, $0.0.id) < ($1.0.creationRank, $1.0.id) }
        var steps: [Namespace: [Step]] = [:]
        for (link, reason) in ordered {
            steps[link.id.namespace, default: []].append(
                Step(link.up ? .setUp(link.id) : .setDown(link.id), reason: reason))
        }
        return steps
    }
}

extension LinkSpec {
    /// The other end of a veth pair.
    var otherEnd: LinkID? {
        switch kind {
        case .veth(let peer): peer
        case .vethPeer(let other): other
        case .bridge, .loopback, .foreign: nil
        }
    }

    fileprivate var creationRank: Int {
        switch kind {
        case .loopback, .foreign: 0
        case .bridge: 1
        case .veth: 2
        case .vethPeer: 3
        }
    }

    fileprivate var removalRank: Int { -creationRank }

    /// Whether an observed link is what `wanted` asks for; members that are nil there are not compared.
    public func fulfils(_ wanted: LinkSpec) -> Bool {
        difference(to: wanted).isEmpty
    }

    /// In words, what `wanted` asks for and this isn't; "" when it fulfils it.
    func difference(to wanted: LinkSpec) -> String {
        var words: [String] = []
        func compare<T: Equatable>(_ name: String, _ is: T?, _ want: T?) {
            guard let want, `is` != want else { return }
            words.append("\(name) is \(`is`.map { "\($0)" } ?? "not set"), wanted \(want)")
        }
        if wanted.isOwned { compare("alias", alias, wanted.alias) }
        compare("MAC address", mac, wanted.mac)
        compare("MTU", mtu, wanted.mtu)
        compare("master", master, wanted.master)
        if let flags = wanted.port {
            compare("isolated", port?.isolated ?? false, flags.isolated)
            compare("hairpin", port?.hairpin ?? false, flags.hairpin)
        }
        if wanted.isOwned { compare("without link-local address", withoutLinkLocal, wanted.withoutLinkLocal) }
        compare("up", up, wanted.up)
        return words.joined(separator: ", ")
    }
}
