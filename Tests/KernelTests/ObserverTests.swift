import Addressing
import Dataplane
import Netlink
import Testing

@testable import Kernel

extension LinkTests {
    /// What the observer sees, and what it leaves out.
    @Suite(.serialized) struct ObserverTests {
        private let bed: Testbed

        init() throws { bed = try Testbed() }

        @Test func foreignThingsAreLeftOut() async throws {
            var desired = bed.network()
            desired.merge(bed.container("a", host: 2))
            try await bed.executor.execute(Plan(from: State(), to: desired))
            let inside = bed.pin("a").path
            try Oracle.ip("link add \(bed.prefix)frgn type bridge")
            defer { try? Oracle.ip("link del \(bed.prefix)frgn") }
            try Oracle.ip("addr add 10.60.0.1/24 dev \(bed.prefix)frgn")
            try Oracle.ip("link add own type veth peer name own2", in: inside)
            try Oracle.ip("addr add 10.61.0.1/24 dev own", in: inside)
            try Oracle.ip("route add 10.62.0.0/16 via 10.1.0.1", in: inside)
            let observed = try await bed.observe(for: desired)
            #expect(observed.state.links.keys.allSatisfy { desired.links[$0] != nil })
            #expect(observed.state.addresses == desired.addresses)
            #expect(observed.state.routes == desired.routes)
            #expect(observed.unnamed.isEmpty)
            #expect(observed.doomed.isEmpty)
            try await bed.clear(desired)
        }

        @Test func anAdoptedBridgeIsSeenWithItsAddresses() async throws {
            try Oracle.ip("link add \(bed.bridge.name) type bridge")
            defer { try? Oracle.ip("link del \(bed.bridge.name)") }
            try Oracle.ip("addr add 10.63.0.1/24 dev \(bed.bridge.name)")
            let address = AddressSpec(link: bed.bridge, prefix: prefixed("10.63.0.1/24"))
            let observed = try await bed.observer.observe(foreign: [bed.bridge], addresses: [address]).state
            #expect(observed.links[bed.bridge]?.kind == .foreign)
            #expect(observed.links[bed.bridge]?.up == false)
            #expect(observed.addresses == [address])
            #expect(try await bed.observer.observe(foreign: [bed.bridge]).state.addresses.isEmpty)
            #expect(try await bed.observer.observe().state.links[bed.bridge] == nil)
        }

        @Test func aLinkInOurGroupIsOursOnlyIfItsNameIsKnown() async throws {
            try Oracle.ip("link add \(bed.bridge.name) group \(bed.groups.owned) type bridge")
            defer { try? Oracle.ip("link del \(bed.bridge.name)") }
            let unknown = try await bed.observer.observe()
            #expect(unknown.unnamed == [bed.bridge])
            #expect(unknown.state.links[bed.bridge] == nil)
            let known = try await bed.observer.observe(known: [bed.bridge])
            #expect(known.unnamed.isEmpty)
            #expect(known.state.links[bed.bridge]?.kind == .bridge)
            // It is made right, not made anew.
            let desired = bed.network()
            let index = try #require(try Oracle.links()[bed.bridge.name]).ifindex
            try await bed.executor.execute(try await bed.plan(to: desired))
            let link = try #require(try Oracle.links()[bed.bridge.name])
            #expect(link.ifindex == index)
            #expect(link.ifalias == "fairlead:\(bed.bridge.name)")
            #expect(try await bed.plan(to: desired).description == "")
        }

        @Test func sysctlsAreReadInTheirNamespaces() async throws {
            var desired = bed.network()
            desired.merge(bed.container("s", host: 3))
            try await bed.executor.execute(Plan(from: State(), to: desired))
            let inside = bed.pin("s").path
            _ = try Oracle.run(["sysctl", "-qw", "net.ipv4.conf.eth0.rp_filter=2"], inside)
            let inner = SysctlID("net/ipv4/conf/eth0/rp_filter", in: .path(inside))
            let outer = SysctlID("net/ipv4/conf/\(bed.bridge.name)/route_localnet")
            let missing = SysctlID("net/ipv4/conf/missing/rp_filter")
            let observed = try await bed.observer.observe(sysctls: [inner, outer, missing]).state
            #expect(observed.sysctls == [inner: "2", outer: "0"])
            try await bed.clear(desired)
        }

        @Test func damageIsSeenAndRepaired() async throws {
            var desired = bed.network()
            desired.merge(bed.container("r", host: 4))
            try await bed.executor.execute(Plan(from: State(), to: desired))
            let inside = bed.pin("r").path
            let end = "\(bed.prefix)r"
            for damage in [
                "link set \(bed.bridge.name) mtu 1280", "link set \(end) nomaster", "link set \(end) down",
                "link set \(bed.bridge.name) alias other", "addr del 10.1.0.1/24 dev \(bed.bridge.name)",
                "link del \(end)", "link set \(bed.bridge.name) down",
            ] {
                try Oracle.ip(damage)
                let plan = try await bed.plan(to: desired)
                #expect(!plan.isEmpty, "\(damage)")
                try await bed.executor.execute(plan)
                #expect(try await bed.plan(to: desired).description == "", "\(damage)")
            }
            for damage in [
                "route del default", "link set eth0 down", "addr del 10.1.0.4/24 dev eth0", "link set lo down",
            ] {
                try Oracle.ip(damage, in: inside)
                let plan = try await bed.plan(to: desired)
                #expect(!plan.isEmpty, "\(damage)")
                try await bed.executor.execute(plan)
                // A link that was down has lost its routes; they are seen in the next look.
                try await bed.executor.execute(try await bed.plan(to: desired))
                #expect(try await bed.plan(to: desired).description == "", "\(damage)")
                _ = try Oracle.run(["ping", "-c1", "-w8", "10.1.0.1"], inside)
            }
            try await bed.clear(desired)
        }

        @Test func addressesAreOursByTheirMark() async throws {
            let desired = bed.network()
            try await bed.executor.execute(Plan(from: State(), to: desired))
            try Oracle.ip("addr add 10.64.0.1/24 dev \(bed.bridge.name)")
            var moved = desired
            moved.addresses = [AddressSpec(link: bed.bridge, prefix: prefixed("10.1.7.1/24"))]
            let plan = try await bed.plan(to: moved)
            #expect(
                plan.steps.map(\.description) == [
                    "remove address 10.1.0.1/24 from \(bed.bridge.name): no longer wanted",
                    "remove address fd00:1::1/64 from \(bed.bridge.name): no longer wanted",
                    "add address 10.1.7.1/24 to \(bed.bridge.name): missing",
                ])
            try await bed.executor.execute(plan)
            let left = try Oracle.addresses(of: bed.bridge.name).compactMap(\.local).filter { !$0.hasPrefix("fe80") }
            #expect(Set(left) == ["10.64.0.1", "10.1.7.1"])
            #expect(try await bed.plan(to: moved).description == "")
            // Wanted, somebody else's will do.
            moved.addresses.insert(AddressSpec(link: bed.bridge, prefix: prefixed("10.64.0.1/24")))
            #expect(try await bed.plan(to: moved).description == "")
            try await bed.clear(moved)
        }

        @Test func aScopedLookFindsTheSameOfWhatItNames() async throws {
            var desired = bed.network()
            for host in UInt8(2)...3 { desired.merge(bed.container("s\(host)", host: host)) }
            try await bed.executor.execute(Plan(from: State(), to: desired))
            let full = try await bed.observe(for: desired).state
            var endpoint = bed.container("s2", host: 2)
            endpoint.hasTable = false
            for scope in [endpoint, bed.network()] {
                let observed = try await bed.observer.observe(
                    namespaces: Set(scope.links.keys.map(\.namespace)), known: Set(scope.links.keys),
                    addresses: scope.addresses, scope: scope
                ).state
                #expect(observed.restricted(to: scope) == full.restricted(to: scope))
                #expect(Plan(from: observed.restricted(to: scope), to: scope).description == "")
                #expect(observed.links[LinkID("\(bed.prefix)s3")] == nil)
                #expect(observed.pins == scope.pins)
                #expect(observed.hasTable == scope.hasTable)
            }
            try await bed.clear(desired)
        }
    }
}
