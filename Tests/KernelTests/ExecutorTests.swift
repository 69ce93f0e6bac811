import Addressing
import Dataplane
import Glibc
import Logging
import NFTables
import Netlink
import Testing

@testable import Kernel

extension LinkTests {
    /// Plans against `ip -j`.
    @Suite(.serialized) struct ExecutorTests {
        private let bed: Testbed

        init() throws { bed = try Testbed() }

        @Test func aNetworkWithTwoContainersIsAsDesiredAndPlansNothingMore() async throws {
            var desired = bed.network()
            desired.merge(bed.container("a", host: 2))
            desired.merge(bed.container("b", host: 3, isolated: true))
            try await bed.executor.execute(Plan(from: State(), to: desired))
            let links = try Oracle.links()
            let bridge = try #require(links[bed.bridge.name])
            #expect(bridge.isUp)
            #expect(bridge.mtu == 1400)
            #expect(bridge.address == "02:42:0a:11:00:01")
            #expect(bridge.ifalias == "fairlead:\(bed.bridge.name)")
            #expect(bridge.group == "\(bed.groups.owned)")
            let end = try #require(links["\(bed.prefix)b"])
            #expect(end.isUp)
            #expect(end.master == bed.bridge.name)
            #expect(end.mtu == 1400)
            #expect(end.group == "\(bed.groups.owned)")
            #expect(end.ifalias == "fairlead:\(bed.bridge.name):b")
            #expect(end.inet6_addr_gen_mode == "none")
            #expect(end.linkinfo?.info_slave_data?.isolated == true)
            #expect(end.linkinfo?.info_slave_data?.hairpin == true)
            #expect(links["\(bed.prefix)a"]?.linkinfo?.info_slave_data?.isolated == false)

            let inside = bed.pin("b").path
            let inner = try Oracle.links(in: inside)
            #expect(inner["lo"]?.isUp == true)
            #expect(inner["eth0"]?.isUp == true)
            #expect(inner["eth0"]?.address == "02:42:0a:01:00:13")
            #expect(inner["eth0"]?.ifalias == "fairlead:\(bed.bridge.name):b")
            let addresses = try Oracle.addresses(of: "eth0", in: inside)
            #expect(addresses.first { $0.local == "10.1.0.3" }?.prefixlen == 24)
            #expect(addresses.first { $0.local == "fd00:1::3" }?.tentative == nil)
            #expect(try Oracle.routes(in: inside).first { $0.dst == "default" }?.gateway == "10.1.0.1")
            #expect(try Oracle.routes(in: inside, family: "-6").first { $0.dst == "default" }?.gateway == "fd00:1::1")
            _ = try Oracle.run(["ping", "-c1", "-w8", "10.1.0.1"], inside)
            _ = try Oracle.run(["ping", "-c1", "-w8", "fd00:1::1"], bed.pin("a").path)

            let observed = try await bed.observe(for: desired).state
            #expect(Plan(from: observed, to: desired).description == "")
            #expect(observed.addresses == desired.addresses)
            #expect(observed.routes == desired.routes)
            #expect(observed.pins == desired.pins)
            #expect(Set(observed.links.keys) == Set(desired.links.keys))
            try await bed.clear(desired)
            #expect(try Oracle.links().keys.filter { $0.hasPrefix(bed.prefix) || $0.hasPrefix("gone-") } == [])
            #expect(bed.table.content.withLock { $0.elements.isEmpty })
        }

        @Test func descriptorsAreClosed() async throws {
            var desired = bed.network()
            for host in UInt8(2)..<12 { desired.merge(bed.container("fd\(host)", host: host)) }
            let before = openDescriptors()
            for _ in 0..<10 {
                try await bed.executor.execute(Plan(from: State(), to: desired))
                _ = try await bed.observe(for: desired)
                try await bed.clear(desired)
            }
            // A hundred containers came and went. Tests beside this one have some open, too.
            #expect(openDescriptors() < before + 50)
        }

        @Test func realRulesAndLinksInOnePlan() async throws {
            let table = try NFTablesConnection()
            let executor = Executor(
                groups: bed.groups, table: table, threads: bed.threads, collector: bed.collector,
                logger: Logger(label: "test"))
            let observer = Observer(
                groups: bed.groups, table: table, threads: bed.threads, pinDirectory: bed.directory)
            var desired = bed.network()
            desired.elements = [:]
            let element = SetElement(
                "outbound", [.family(.ipv4), .interface(bed.bridge.name)], comment: "network \(bed.bridge.name)")
            desired.insert(element)
            try await executor.execute(Plan(from: State(), to: desired))
            let set = try Oracle.run(["nft", "list", "set", "inet", "fairlead", "outbound"])
            #expect(set.contains("ipv4 . \"\(bed.bridge.name)\" comment \"network \(bed.bridge.name)\""))
            let observed = try await observer.observe().state
            #expect(Plan(from: observed, to: desired).description == "")
            // A refused element names itself, and nothing of the plan stays.
            var wrong = desired
            wrong.insert(SetElement("nowhere", [.port(1)], comment: ""))
            wrong.insert(SetElement("outbound", [.family(.ipv6), .interface("other")], comment: ""))
            let refused = try await refusal { try await executor.execute(Plan(from: desired, to: wrong)) }
            #expect(refused.description == "add element nowhere { 1 }: invalid argument")
            let after = try await observer.observe().state
            #expect(after.elements == desired.elements)
            var nothing = State()
            nothing.hasTable = true
            try await executor.execute(Plan(from: after, to: nothing))
            #expect(await bed.collector.drain())
            #expect(try await observer.observe().state == nothing)
            _ = try Oracle.run(["nft", "delete", "table", "inet", "fairlead"])
        }

        @Test func aRefusedStepTakesBackAllThatWasDone() async throws {
            let network = bed.network()
            try await bed.executor.execute(Plan(from: State(), to: network))
            let before = try Oracle.links()
            var desired = network
            desired.merge(bed.network("\(bed.prefix)br2", subnet: 2))
            desired.merge(bed.container("c", host: 2))
            let namespace = Namespace.path(bed.pin("c").path)
            desired.sysctls[SysctlID("net/ipv4/conf/eth0/forwarding", in: namespace)] = "1"
            // No way leads to this gateway.
            desired.insert(
                RouteSpec(
                    id: .init(namespace: namespace, destination: prefixed("10.77.0.0/16")),
                    gateway: IPAddress("10.66.0.1"), device: "eth0"))
            let plan = Plan(from: network, to: desired)
            let refused = try await refusal { try await bed.executor.execute(plan) }
            #expect(refused.errno == ENETUNREACH)
            #expect(refused.description.hasSuffix(": network is unreachable: Nexthop has invalid gateway"))
            guard case .setRoute(let route)? = refused.step?.action else {
                Issue.record("wrong step: \(refused)")
                return
            }
            #expect(route.id.destination == prefixed("10.77.0.0/16"))
            let after = try Oracle.links()
            #expect(Set(after.keys) == Set(before.keys))
            #expect(after.mapValues(\.ifindex) == before.mapValues(\.ifindex))
            #expect(access(bed.pin("c").path, F_OK) != 0)
            let observed = try await bed.observe(for: desired).state
            #expect(observed.elements == network.elements)
            #expect(observed.pins.isEmpty)
            try await bed.clear(desired)
        }

        @Test func changesAreMadeAndTakenBack() async throws {
            let network = bed.network()
            try await bed.executor.execute(Plan(from: State(), to: network))
            var other = network
            other.links[bed.bridge]?.mtu = 1300
            other.links[bed.bridge]?.alias = "fairlead:other"
            other.links[bed.bridge]?.mac = MACAddress("02:42:00:00:00:55")
            other.links[bed.bridge]?.withoutLinkLocal = true
            other.sysctls[SysctlID("net/ipv4/conf/\(bed.bridge.name)/route_localnet")] = "1"
            other.addresses.insert(AddressSpec(link: bed.bridge, prefix: prefixed("10.1.9.1/24")))
            bed.table.content.withLock { $0.refused = "late" }
            let plan = Plan(
                steps: try await bed.plan(to: other).steps
                    + [Step(.addElement(SetElement("late", [.port(1)], comment: "")), reason: "")])
            let refused = try await refusal { try await bed.executor.execute(plan) }
            #expect(refused.errno == EINVAL)
            let restored = try #require(try Oracle.links()[bed.bridge.name])
            #expect(restored.mtu == 1400)
            #expect(restored.ifalias == "fairlead:\(bed.bridge.name)")
            #expect(restored.address == "02:42:0a:11:00:01")
            #expect(restored.inet6_addr_gen_mode == "eui64")
            #expect(try Oracle.addresses(of: bed.bridge.name).allSatisfy { $0.local != "10.1.9.1" })
            let sysctl = "net.ipv4.conf.\(bed.bridge.name).route_localnet"
            #expect(try Oracle.run(["sysctl", "-n", sysctl]) == "0\n")

            try await bed.executor.execute(try await bed.plan(to: other))
            let changed = try #require(try Oracle.links()[bed.bridge.name])
            #expect(changed.mtu == 1300)
            #expect(changed.ifalias == "fairlead:other")
            #expect(changed.address == "02:42:00:00:00:55")
            #expect(changed.inet6_addr_gen_mode == "none")
            #expect(changed.ifindex == restored.ifindex)
            #expect(try Oracle.run(["sysctl", "-n", sysctl]) == "1\n")
            #expect(try await bed.plan(to: other).description == "")
            try await bed.clear(other)
        }

        @Test func theKernelsWordsForNames() async throws {
            let long = "abcdefghijklmnop"
            let refused = try await refusal {
                try await bed.executor.execute(Plan(from: State(), to: bed.network(long)))
            }
            #expect(refused.description.hasPrefix("bridge \(long): numerical result out of range"))
            #expect(bed.table.content.withLock { $0.elements.isEmpty })

            try Oracle.ip("link add \(bed.bridge.name) type bridge")
            defer { try? Oracle.ip("link del \(bed.bridge.name)") }
            let taken = try await refusal { try await bed.executor.execute(Plan(from: State(), to: bed.network())) }
            #expect(taken.description == "bridge \(bed.bridge.name): file exists")
            #expect(taken.mayComeFromStaleCache)
            let foreign = try #require(try Oracle.links()[bed.bridge.name])
            #expect(!foreign.isUp)
            #expect(foreign.ifalias == nil)
        }

        @Test func aNameTakenInTheContainer() async throws {
            let network = bed.network()
            try await bed.executor.execute(Plan(from: State(), to: network))
            let pin = bed.pin("d")
            try await bed.threads.run { () throws(NamespaceError) in try NamespaceHandle.create(pin) }
            try Oracle.ip("link add eth0 type bridge", in: pin.path)
            var desired = network
            desired.merge(bed.container("d", host: 4))
            var observed = network
            observed.pins.insert(pin)
            let plan = Plan(from: observed, to: desired)
            let refused = try await refusal { try await bed.executor.execute(plan) }
            #expect(refused.description == "veth \(bed.prefix)d: file exists")
            #expect(try Oracle.links(in: pin.path)["eth0"]?.linkinfo?.info_kind == "bridge")
            #expect(try Oracle.links()["\(bed.prefix)d"] == nil)
            try await bed.clear(desired)
        }

        @Test func indexesThatAreTakenAreChosenAgain() async throws {
            let network = bed.network()
            try await bed.executor.execute(Plan(from: State(), to: network))
            let index = try #require(try Oracle.links()[bed.bridge.name]).ifindex
            for next in 1...6 {
                try Oracle.ip("link add \(bed.prefix)x\(next) index \(index + Int32(next)) type bridge")
            }
            defer { for next in 1...6 { try? Oracle.ip("link del \(bed.prefix)x\(next)") } }
            var desired = network
            desired.merge(bed.container("e", host: 5))
            try await bed.executor.execute(Plan(from: network, to: desired))
            #expect(try await bed.plan(to: desired).description == "")
            for next in 1...6 {
                let link = try #require(try Oracle.links()["\(bed.prefix)x\(next)"])
                #expect(!link.isUp)
                #expect(link.ifalias == nil)
            }
            try await bed.clear(desired)
        }

        @Test func anAddressThatAnotherLinkOfTheContainerLeadsTo() async throws {
            let network = bed.network()
            try await bed.executor.execute(Plan(from: State(), to: network))
            let pin = bed.pin("f")
            try await bed.threads.run { () throws(NamespaceError) in try NamespaceHandle.create(pin) }
            try Oracle.ip("link add own type bridge", in: pin.path)
            try Oracle.ip("addr add 10.1.0.200/25 dev own", in: pin.path)
            try Oracle.ip("link set own up", in: pin.path)
            let own = try #require(try Oracle.links(in: pin.path)["own"])
            var desired = network
            desired.merge(bed.container("f", host: 6))
            var observed = network
            observed.pins.insert(pin)
            let plan = Plan(from: observed, to: desired)
            let refused = try await refusal { try await bed.executor.execute(plan) }
            #expect(refused.errno == EEXIST)
            guard case .addAddress(let address)? = refused.step?.action else {
                Issue.record("wrong step: \(refused)")
                return
            }
            #expect(address.prefix == prefixed("10.1.0.6/24"))
            #expect(
                refused.conflict?.description
                    == "{Ifindex: \(own.ifindex) Dst: 10.1.0.128/25 Src: 10.1.0.200 Gw: <nil> Flags: [] Table: 254 Realm: 0}"
            )
            #expect(!refused.mayComeFromStaleCache)
            #expect(try Oracle.links()["\(bed.prefix)f"] == nil)
            #expect(try Set(Oracle.links(in: pin.path).keys) == ["lo", "own"])
            try await bed.clear(desired)
        }

        @Test func routesOfOursAreReplacedOthersAreNot() async throws {
            var desired = bed.network()
            desired.merge(bed.container("g", host: 7))
            try await bed.executor.execute(Plan(from: State(), to: desired))
            let inside = bed.pin("g").path
            let id = RouteSpec.ID(namespace: .path(inside), destination: prefixed("0.0.0.0/0"))
            let moved = RouteSpec(id: id, gateway: IPAddress("10.1.0.254"), device: "eth0")
            try await bed.executor.execute(Plan(steps: [Step(.setRoute(moved), reason: "")]))
            #expect(try Oracle.routes(in: inside).filter { $0.dst == "default" }.map(\.gateway) == ["10.1.0.254"])

            // Replaced and taken back.
            let original = try #require(desired.routes[id])
            bed.table.content.withLock { $0.refused = "late" }
            _ = try await refusal {
                let late = Step(.addElement(SetElement("late", [.port(1)], comment: "")), reason: "")
                try await bed.executor.execute(Plan(steps: [Step(.setRoute(original), reason: ""), late]))
            }
            #expect(try Oracle.routes(in: inside).filter { $0.dst == "default" }.map(\.gateway) == ["10.1.0.254"])

            try Oracle.ip("route replace default via 10.1.0.77 proto static", in: inside)
            let refused = try await refusal {
                try await bed.executor.execute(Plan(steps: [Step(.setRoute(original), reason: "")]))
            }
            #expect(refused.errno == EEXIST)
            #expect(try Oracle.routes(in: inside).filter { $0.dst == "default" }.map(\.gateway) == ["10.1.0.77"])
            try await bed.clear(desired)
        }

        @Test func removalsOfWhatIsGoneAreDone() async throws {
            var desired = bed.network()
            desired.merge(bed.container("h", host: 8))
            try await bed.executor.execute(Plan(from: State(), to: desired))
            for removal in [LinkRemoval.awaited, .deferred] {
                let plan = Plan(from: desired, to: State(), removal: removal)
                try await bed.executor.execute(plan)
                // Again, although all of it is gone.
                try await bed.executor.execute(plan)
                #expect(await bed.collector.drain())
                #expect(try Oracle.links().keys.filter { $0.hasPrefix(bed.prefix) || $0.hasPrefix("gone-") } == [])
                if removal == .awaited { try await bed.executor.execute(Plan(from: State(), to: desired)) }
            }
        }

        @Test func foreignLinksAreNotDeleted() async throws {
            try Oracle.ip("link add \(bed.bridge.name) type bridge")
            defer { try? Oracle.ip("link del \(bed.bridge.name)") }
            try Oracle.ip("link set \(bed.bridge.name) up")
            for removal in [LinkRemoval.awaited, .deferred] {
                let refused = try await refusal {
                    try await bed.executor.execute(Plan(from: bed.network(), to: State(), removal: removal))
                }
                #expect(refused.errno == EPERM)
                #expect(try Oracle.links()[bed.bridge.name]?.isUp == true)
            }
        }

        @Test func manyAwaitedDeletionsWaitSideBySide() async throws {
            var desired = bed.network()
            for host in UInt8(2)..<26 { desired.merge(bed.container("p\(host)", host: host)) }
            try await bed.executor.execute(Plan(from: State(), to: desired))
            let plan = Plan(from: desired, to: bed.network(), removal: .awaited)
            #expect(
                Segment.segments(of: plan.steps).contains {
                    if case .deletions(let all) = $0 { all.count == 24 } else { false }
                })
            try await bed.executor.execute(plan)
            // Not doomed, but gone.
            #expect(try Oracle.links().keys.filter { $0.hasPrefix("\(bed.prefix)p") || $0.hasPrefix("gone-") } == [])
            try await bed.clear(bed.network())
        }

        @Test func nothingOfOursKeepsANamespaceAlive() async throws {
            var desired = bed.network()
            desired.merge(bed.container("n", host: 9))
            try await bed.executor.execute(Plan(from: State(), to: desired))
            _ = try await bed.observe(for: desired)
            let pin = bed.pin("n")
            try await bed.threads.run { () throws(NamespaceError) in try NamespaceHandle.remove(pin) }
            // The end of the namespace takes the veth along.
            var waits = 0
            while try Oracle.links()["\(bed.prefix)n"] != nil, waits < 100 {
                try await Task.sleep(for: .milliseconds(20))
                waits += 1
            }
            #expect(waits < 100)
            let observation = try await bed.observe(for: desired)
            #expect(observation.vanished == [.path(pin.path)])
            try await bed.clear(desired)
        }

        @Test func aPlanUsesFewTransactions() async throws {
            var desired = bed.network()
            desired.insert(SetElement("more", [.port(1)], comment: ""))
            try await bed.executor.execute(Plan(from: State(), to: desired))
            // Table and elements come together.
            #expect(bed.table.content.withLock { $0.transactions.map(\.count) } == [3])
            try await bed.clear(desired)
        }
    }
}
