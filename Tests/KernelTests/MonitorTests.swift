import Addressing
import Dataplane
import NFTables
import Netlink
import Testing

@testable import Kernel

extension LinkTests {
    @Suite(.serialized, .timeLimit(.minutes(2))) struct MonitorTests {
        private let bed: Testbed

        init() throws { bed = try Testbed() }

        /// Everything heard until nothing more comes for a while.
        private func hints(of monitor: Monitor, within rounds: Int = 30) async throws -> DriftHint {
            var hint = DriftHint()
            for _ in 0..<rounds {
                try await Task.sleep(for: .milliseconds(10))
                hint.merge(monitor.take())
            }
            return hint
        }

        private func monitor(ownTablePorts: Set<UInt32> = []) async throws -> Monitor {
            let groups = bed.groups
            return try await bed.threads.run {
                Result { try Monitor(groups: groups, table: "fairlead", ownTablePorts: ownTablePorts) }
            }.get()
        }

        private func build() async throws -> (network: State, container: State, number: Int32) {
            let network = bed.network()
            let container = bed.container("c1", host: 2)
            var all = network
            all.merge(container)
            try await bed.executor.execute(try await bed.plan(to: all))
            let path = bed.pin("c1").path
            let number = try await bed.threads.run {
                Result {
                    let handle = try NamespaceHandle(.path(path))
                    return try NetlinkSocket().namespaceNumbers(of: [handle.descriptor])[0]
                }
            }.get()
            return (network, container, try #require(number))
        }

        @Test func whatIsOursIsHeardInEveryNamespace() async throws {
            let (network, container, number) = try await build()
            let monitor = try await monitor()
            let inside = bed.pin("c1").path
            // A carrier that comes, duplicate detection that ends.
            _ = try await hints(of: monitor, within: 100)
            let cases: [(String, String?, DriftHint)] = [
                ("addr del 10.1.0.1/24 dev \(bed.bridge)", nil, DriftHint(links: [bed.bridge.name])),
                ("link set \(bed.prefix)c1 nomaster", nil, DriftHint(links: ["\(bed.prefix)c1"])),
                ("link set \(bed.bridge) alias nobody", nil, DriftHint(links: [bed.bridge.name])),
                ("link set \(bed.bridge) mtu 1300", nil, DriftHint(links: [bed.bridge.name])),
                ("route del default", inside, DriftHint(namespaces: [number])),
                ("addr del 10.1.0.2/24 dev eth0", inside, DriftHint(namespaces: [number])),
                ("link set lo down", inside, DriftHint(namespaces: [number])),
                ("link del \(bed.prefix)c1", nil, DriftHint(links: ["\(bed.prefix)c1"], namespaces: [number])),
                ("link del \(bed.bridge)", nil, DriftHint(links: [bed.bridge.name])),
            ]
            for (command, namespace, expected) in cases {
                try Oracle.ip(command, in: namespace)
                let hint = try await hints(of: monitor)
                #expect(expected.links.isSubset(of: hint.links), "\(command): \(hint)")
                #expect(expected.namespaces.isSubset(of: hint.namespaces), "\(command): \(hint)")
                #expect(!hint.everything && !hint.table, "\(command): \(hint)")
                #expect(hint.suspects.allSatisfy { $0.hasPrefix("ip (process ") }, "\(command): \(hint)")
            }
            try await bed.clear(network, container)
        }

        @Test func whatALinkHasBecomeIsTold() async throws {
            let (network, container, _) = try await build()
            let monitor = try await monitor()
            let (bridge, port) = (bed.bridge.name, "\(bed.prefix)c1")
            _ = try await hints(of: monitor, within: 100)
            try Oracle.ip("link set \(bridge) alias other")
            let changed = try await hints(of: monitor)
            #expect(changed.seen[bridge]?.alias == "other" && changed.seen[bridge]?.up == true, "\(changed)")
            try Oracle.ip("link set \(port) nomaster")
            let freed = try await hints(of: monitor)
            #expect(freed.seen[port].map { $0.master == nil } == true, "\(freed)")
            try Oracle.ip("link set \(port) master \(bridge)")
            #expect(try await hints(of: monitor).seen[port]?.master == bridge)
            // What goes down loses more than that, and so does whatever loses an address: a look is due.
            for command in ["link set \(bridge) down", "link set \(bridge) up", "addr del 10.1.0.1/24 dev \(bridge)"] {
                try Oracle.ip(command)
            }
            let lost = try await hints(of: monitor)
            #expect(lost.links.contains(bridge) && lost.seen[bridge] == nil, "\(lost)")
            try await bed.clear(network, container)
        }

        @Test func whatIsForeignIsNot() async throws {
            let (network, container, _) = try await build()
            let monitor = try await monitor()
            _ = try await hints(of: monitor)
            try Oracle.ip("link add \(bed.prefix)x type veth peer name \(bed.prefix)y")
            try Oracle.ip("link set \(bed.prefix)x up")
            try Oracle.ip("addr add 198.51.100.1/24 dev \(bed.prefix)x")
            try Oracle.ip("route add 203.0.113.0/24 via 198.51.100.7 dev \(bed.prefix)x onlink")
            try Oracle.ip("link del \(bed.prefix)x")
            #expect(try await hints(of: monitor).isEmpty)
            try await bed.clear(network, container)
        }

        @Test func ourOwnRequestsAreNot() async throws {
            let monitor = try await monitor()
            let (network, container, number) = try await build()
            let made = try await hints(of: monitor)
            // What the kernel does by itself in their wake may be heard; the requests themselves are not.
            #expect(!made.table && !made.everything && made.suspects.isEmpty && made.tableSuspects.isEmpty, "\(made)")
            let address = try #require(container.addresses.first { $0.prefix.family == .ipv4 })
            let steps = [
                Step(.removeAddress(address), reason: ""), Step(.addAddress(address), reason: ""),
            ]
            try await bed.executor.execute(Plan(steps: steps))
            #expect(try await !hints(of: monitor).namespaces.contains(number))
            try await bed.clear(network, container)
        }

        @Test func theTableIsHeardButNotFromUs() async throws {
            let connection = try await bed.threads.run { Result { try NFTablesConnection() } }.get()
            let monitor = try await monitor(ownTablePorts: [connection.portNumber])
            try connection.ensureTable()
            #expect(try await hints(of: monitor).isEmpty)
            _ = try Oracle.run(["nft", "add", "table", "inet", "other"])
            #expect(try await hints(of: monitor).isEmpty)
            _ = try Oracle.run(["nft", "insert rule inet fairlead forward accept"])
            let hint = try await hints(of: monitor)
            #expect(hint.table)
            #expect(hint.tableSuspects.contains { $0.hasPrefix("nft (process ") })
            _ = try Oracle.run(["nft", "delete", "table", "inet", "other"])
            _ = try Oracle.run(["nft", "delete", "table", "inet", "fairlead"])
            #expect(try await hints(of: monitor).table)
        }

        @Test func forwardingIsHeard() async throws {
            let monitor = try await monitor()
            let was = contents(of: "/proc/sys/net/ipv4/ip_forward").first == "1"
            for value in [!was, was] {
                try Sysctl.write(value ? "1" : "0", to: "net/ipv4/ip_forward")
                #expect(try await hints(of: monitor).settings)
            }
        }

        @Test func hundredsOfForeignLinksAreNoHint() async throws {
            let (network, container, _) = try await build()
            let monitor = try await monitor()
            _ = try await hints(of: monitor)
            let names = (0..<200).map { "\(bed.prefix)f\($0)" }
            _ = try Oracle.run([
                "sh", "-c",
                "{ \(names.map { "echo link add \($0) type bridge" }.joined(separator: ";")); } | ip -batch -; "
                    + "{ \(names.map { "echo link del \($0)" }.joined(separator: ";")); } | ip -batch -",
            ])
            let hint = try await hints(of: monitor)
            #expect(hint.isEmpty, "\(hint)")
            try await bed.clear(network, container)
        }
    }
}
