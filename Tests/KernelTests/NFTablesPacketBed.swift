import Addressing
import Dataplane
import Firewall
import NFTables
import NetworkModel
import Testing

/// A host with a bridge of every kind, two containers on most, a namespace outside and one further away.
///
/// Network `k` is 10.77.k.0/24 and fd77:0:0:k::/64; its containers have .2 and .3 and know the gateway, also those that
/// in real life would not. Everything is reached by routes; what passes is up to the rules.
struct PacketBed {
    struct Kind {
        let letter: String
        var number = 0
        var isInternal = false
        var ipv6 = true
        var options = BridgeOptions()
    }

    let bed: NFTablesBed
    let connection: NFTablesConnection
    private var kinds: [Kind] = []

    init(bridgeNetfilter: Int) throws {
        bed = try NFTablesBed("host", "out", "far")
        connection = try bed.connection(in: "host")
        kinds = Self.kinds()
        var elements: [SetElement] = []
        try wire(outside: "out", interface: "uplink", net: "100", group: "f")
        try wire(outside: "far", interface: "other", net: "101", group: "e")
        try bed.run(
            """
            ip addr add 198.51.100.7/24 dev uplink; ip addr add 2001:db8:77::7/128 dev lo
            sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
            sysctl -qw net.bridge.bridge-nf-call-iptables=\(bridgeNetfilter) net.bridge.bridge-nf-call-ip6tables=\(bridgeNetfilter)
            """, in: "host")
        for kind in kinds { elements += try add(kind) }
        try connection.ensureTable(with: elements.map { .add($0) })
    }

    private static func kinds() -> [Kind] {
        func kind(_ letter: String, mode: GatewayMode = .nat, isInternal: Bool = false) -> Kind {
            var kind = Kind(letter: letter, isInternal: isInternal)
            kind.options.gatewayModes = [.ipv4: mode, .ipv6: mode]
            return kind
        }
        var unconnected = kind("b")
        unconnected.options.enableICC = false
        var unmasked = kind("m")
        unmasked.options.enableMasquerade = false
        var hosted = kind("h")
        hosted.options.hostAddresses = [
            .ipv4: IPAddress(family: .ipv4, value: 0xC633_6407),
            .ipv6: IPAddress(family: .ipv6, value: 0x2001_0DB8_0077 << 80 | 7),
        ]
        var ipv4Only = kind("f")
        ipv4Only.ipv6 = false
        var trusting = kind("t")
        trusting.options.trustedHostInterfaces = ["uplink"]
        let all = [
            kind("a"), unconnected, kind("i", isInternal: true), kind("r", mode: .routed),
            kind("u", mode: .natUnprotected), unmasked, kind("s", mode: .isolated, isInternal: true), hosted, ipv4Only,
            trusting,
        ]
        return all.enumerated().map { index, kind in
            var kind = kind
            kind.number = index + 1
            return kind
        }
    }

    private func wire(outside name: String, interface: String, net: String, group: String) throws {
        try bed.run(
            """
            ip link add \(interface) type veth peer name eth0 netns \(bed.path(name))
            ip link set \(interface) up
            ip addr add 198.51.\(net).1/24 dev \(interface); ip addr add 2001:db8:\(group)::1/64 dev \(interface) nodad
            """, in: "host")
        try bed.run(
            """
            ip addr add 198.51.\(net).2/24 dev eth0; ip addr add 2001:db8:\(group)::2/64 dev eth0 nodad
            ip link set eth0 up
            ip route add default via 198.51.\(net).1; ip route add default via 2001:db8:\(group)::1
            """, in: name)
    }

    private func add(_ kind: Kind) throws -> [SetElement] {
        let bridge = "br-" + kind.letter
        let isolated = kind.options.gatewayMode(.ipv4) == .isolated
        var script = "ip link add \(bridge) type bridge; ip link set \(bridge) up\n"
        if !isolated {
            script += "ip addr add 10.77.\(kind.number).1/24 dev \(bridge)\n"
            script += "ip addr add fd77:0:0:\(kind.number)::1/64 dev \(bridge) nodad\n"
        } else {
            script += "ip route add 10.77.\(kind.number).0/24 dev \(bridge); "
            script += "ip route add fd77:0:0:\(kind.number)::/64 dev \(bridge)\n"
        }
        try bed.run(script, in: "host")
        let network = Network(
            id: .random(), name: "net-" + kind.letter, created: Timestamp(nanoseconds: 0), driver: "bridge",
            enableIPv6: kind.ipv6, isInternal: kind.isInternal)
        var elements = Ruleset.elements(for: network, options: kind.options, bridge: bridge)
        for place in 1...2 {
            let name = "\(kind.letter)\(place)"
            try attach(name, kind, place, bridge)
            let addresses = [address(of: name, .ipv4, 24), kind.ipv6 ? address(of: name, .ipv6, 64) : nil]
            let endpoint = Endpoint(
                id: .random(), network: network.id, container: .random(), name: name,
                addresses: addresses.compactMap { $0 })
            elements += Ruleset.elements(for: endpoint, on: network, options: kind.options, bridge: bridge)
        }
        return elements
    }

    private func attach(_ name: String, _ kind: Kind, _ place: Int, _ bridge: String) throws {
        try bed.add(name)
        let isolation = kind.options.enableICC ? "" : "; bridge link set dev v-\(name) isolated on"
        try bed.run(
            """
            ip link add v-\(name) type veth peer name eth0 netns \(bed.path(name))
            ip link set v-\(name) master \(bridge) up\(isolation)
            """, in: "host")
        let isolated = kind.options.gatewayMode(.ipv4) == .isolated
        // Without a gateway's address: what a hostile container would do.
        let linkLocal = try bed.run("ip -6 -br addr show dev \(bridge) scope link | grep -o 'fe80[^/]*'", in: "host")
        let (via4, via6) =
            isolated
            ? ("via 198.51.100.1 dev eth0 onlink", "via \(linkLocal.prefix { $0 != "\n" }) dev eth0")
            : ("via 10.77.\(kind.number).1", "via fd77:0:0:\(kind.number)::1")
        try bed.run(
            """
            ip addr add 10.77.\(kind.number).\(place + 1)/24 dev eth0
            ip addr add fd77:0:0:\(kind.number)::\(place + 1)/64 dev eth0 nodad
            ip link set eth0 up; ip route add default \(via4); ip -6 route add default \(via6)
            """, in: name)
    }

    private func address(of place: String, _ family: AddressFamily, _ length: Int) -> IPPrefix? {
        IPPrefix("\(text(place, family))/\(length)")
    }

    /// The address of `a1`, `out`, `far`, `host` or `b-gateway`.
    func text(_ place: String, _ family: AddressFamily) -> String {
        switch place {
        case "host": return family == .ipv4 ? "198.51.100.1" : "2001:db8:f::1"
        case "out": return family == .ipv4 ? "198.51.100.2" : "2001:db8:f::2"
        case "far": return family == .ipv4 ? "198.51.101.2" : "2001:db8:e::2"
        default:
            let number = kinds.first { place.hasPrefix($0.letter) }?.number ?? 0
            let last = place.hasSuffix("gateway") ? 1 : (place.last?.wholeNumberValue ?? 0) + 1
            return family == .ipv4 ? "10.77.\(number).\(last)" : "fd77:0:0:\(number)::\(last)"
        }
    }

    /// For each line `from to …`, what passes in truth: `from to all`, `from to ping/none` where IPv6 differs.
    ///
    /// All probes run at once. Over TCP a refusal by the target counts: it was reached.
    func passages(_ lines: String) throws -> String {
        let pairs = lines.split(separator: "\n").map { $0.split(separator: " ").prefix(2).map(String.init) }
        var script = ""
        for (index, pair) in pairs.enumerated() {
            for family in AddressFamily.allCases {
                let target = text(pair[1], family)
                let inside = try "nsenter --net=\(bed.path(pair[0]))"
                script += """
                    (\(inside) ping -q -c2 -i0.5 -W2 \(target) >/dev/null 2>&1 && echo \(index) \(family.rawValue) ping) &
                    (\(inside) timeout 2.5 bash -c 'exec 3<>/dev/tcp/\(target)/9' 2>&1 | grep -q 'Connection refused' \
                    && echo \(index) \(family.rawValue) tcp) &

                    """
            }
        }
        let found = Set(try bed.run(script + "wait", in: "host", seconds: 60).split(separator: "\n").map(String.init))
        return pairs.enumerated().map { index, pair in
            let passages = AddressFamily.allCases.map { family -> String in
                switch (
                    found.contains("\(index) \(family.rawValue) ping"),
                    found.contains("\(index) \(family.rawValue) tcp")
                ) {
                case (true, true): "all"
                case (true, false): "ping"
                case (false, true): "tcp"
                case (false, false): "none"
                }
            }
            return "\(pair[0]) \(pair[1]) "
                + (passages[0] == passages[1] ? passages[0] : passages.joined(separator: "/"))
        }.joined(separator: "\n")
    }

    /// Under which addresses pings of each container arrive, IPv4 first.
    func sources(at target: String, of containers: [String]) throws -> [String: [String]] {
        try bed.run(
            """
            nft -f - <<'END'
            table inet probe {
                set seen4 { type ipv4_addr; flags dynamic; size 65535; }
                set seen6 { type ipv6_addr; flags dynamic; size 65535; }
                chain in {
                    type filter hook input priority 0
                    icmp type echo-request add @seen4 { ip saddr }
                    icmpv6 type echo-request add @seen6 { ip6 saddr }
                }
            }
            END
            """, in: target)
        var found: [String: [String]] = [:]
        for container in containers {
            for (family, set) in [(AddressFamily.ipv4, "seen4"), (.ipv6, "seen6")] {
                try bed.run("nft flush set inet probe \(set)", in: target)
                try bed.run("ping -q -c1 -w8 \(text(target, family))", in: container)
                let listing = try bed.run("nft list set inet probe \(set)", in: target)
                let elements = listing.split(separator: "elements = {").dropFirst().first?.prefix { $0 != "}" } ?? ""
                found[container, default: []] += elements.split(separator: ",").map {
                    $0.split(separator: " ").joined(separator: " ")
                }
            }
        }
        return found
    }
}
