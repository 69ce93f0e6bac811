import Addressing
import Dataplane
import Glibc
import Netlink
import Testing

@testable import Kernel

extension LinkTests {
    @Suite(.serialized, .ownNamespaces) struct HostFactsTests {
        private let threads: BlockingThreads

        init() throws { threads = try BlockingThreads(name: "test", count: 2) }

        private func line(_ command: String...) throws -> String {
            String(try Oracle.run(command).prefix { $0 != "\n" })
        }

        @Test func factsAreThoseOfTheTools() throws {
            let facts = try HostFacts.read()
            #expect(facts.hostName == (try line("uname", "-n")))
            #expect(facts.kernelVersion == (try line("uname", "-r")))
            #expect(facts.architecture == (try line("uname", "-m")))
            #expect(facts.processors == Int(try line("getconf", "_NPROCESSORS_ONLN")))
            #expect(
                facts.memory
                    == Int64(try line("sh", "-c", "echo $(($(awk '/MemTotal/ {print $2}' /proc/meminfo) * 1024))")))
            #expect(facts.operatingSystem == (try line("sh", "-c", ". /etc/os-release; echo \"$PRETTY_NAME\"")))
            #expect(facts.operatingSystemVersion == (try line("sh", "-c", ". /etc/os-release; echo \"$VERSION_ID\"")))
            #expect(facts.bootID == (try line("cat", "/proc/sys/kernel/random/boot_id")))
            #expect(facts.hasIPv6 == (access("/proc/net/if_inet6", F_OK) == 0))
        }

        @Test func osReleaseIsShell() {
            let text = """
                # comment
                NAME="Debian \\"GNU\\"\\\\Linux \\n"
                ID=debian
                QUOTED='a $b "c"'
                EMPTY=
                nonsense
                """
            let values = OSRelease.parse(text)
            #expect(values["NAME"] == "Debian \"GNU\"\\Linux \\n")
            #expect(values["ID"] == "debian")
            #expect(values["QUOTED"] == "a $b \"c\"")
            #expect(values["EMPTY"] == "")
            #expect(values.count == 4)
        }

        @Test func nameserversAreReadAsTheLibraryDoes() {
            let text = """
                # nameserver 10.0.0.1
                search example.org
                nameserver 192.0.2.53
                nameserver\tfe80::1%eth0
                 nameserver 10.0.0.2
                nameservers 10.0.0.3
                nameserver nonsense
                nameserver 2001:db8::53 # behind
                """
            #expect(Resolver.parse(text).map(\.description) == ["192.0.2.53", "fe80::1", "2001:db8::53"])
        }

        @Test func prefixesAreThoseOfTheHostWithoutOurs() async throws {
            try await withDirectory { directory in
                let path = "\(directory)/host"
                try await threads.run { try NamespaceHandle.create(NamespacePin(path: path)) }
                for sentence in [
                    "link set lo up", "link add uplink type bridge", "link set uplink up",
                    "link add ours type bridge", "link set ours group 7777 up",
                    "addr add 192.0.2.9/24 dev uplink", "addr add 2001:db8::9/64 dev uplink nodad",
                    "addr add 10.128.0.1/24 dev ours", "route add 198.51.100.0/25 dev uplink",
                    "route add default via 192.0.2.1", "route add 172.16.0.0/12 via 192.0.2.1",
                    "route add 10.0.0.0/8 via 192.0.2.1", "route add 10.20.0.0/16 via 192.0.2.1",
                    "route add 203.0.113.0/24 via 10.128.0.2", "route add 192.168.7.0/24 via 192.0.2.1 table 7",
                ] { try Oracle.ip(sentence, in: path) }
                let resolver = try #require(IPAddress("192.0.2.53"))
                let (with, without) = try await threads.run {
                    try NamespaceHandle.within(.path(path)) {
                        let socket = try NetlinkSocket()
                        return (
                            try HostPrefixes.read(on: socket, without: [7777], resolver: [resolver]),
                            try HostPrefixes.read(on: socket, resolver: [])
                        )
                    }
                }
                let reserved = Set(with.reserved.map(\.description))
                #expect(
                    reserved.isSuperset(of: [
                        "127.0.0.0/8", "192.0.2.0/24", "2001:db8::/64", "198.51.100.0/25", "192.0.2.53/32", "::1/128",
                    ]))
                #expect(!reserved.contains { $0.hasPrefix("10.") || $0.hasPrefix("0.0.0.0") || $0.hasPrefix("203.") })
                #expect(Set(with.routes.map(\.description)) == ["172.16.0.0/12", "10.20.0.0/16"])
                #expect(without.reserved.map(\.description).contains("10.128.0.0/24"))
                #expect(without.routes.map(\.description).contains("203.0.113.0/24"))
            }
        }

        /// A tunnel's default route has no gateway: it must not reserve everything.
        @Test func aDefaultRouteWithoutAGatewayReservesNothing() async throws {
            try await withDirectory { directory in
                let path = "\(directory)/host"
                try await threads.run { try NamespaceHandle.create(NamespacePin(path: path)) }
                for sentence in ["link add tun type bridge", "link set tun up", "route add default dev tun"] {
                    try Oracle.ip(sentence, in: path)
                }
                let prefixes = try await threads.run {
                    try NamespaceHandle.within(.path(path)) { try HostPrefixes.read(on: NetlinkSocket(), resolver: []) }
                }
                #expect(prefixes.reserved.allSatisfy { $0.family == .ipv6 })
                #expect(prefixes.routes.isEmpty)
            }
        }

        @Test func forwardingIsAsTheNamespaceSays() async throws {
            try await withDirectory { directory in
                let path = "\(directory)/host"
                try await threads.run { try NamespaceHandle.create(NamespacePin(path: path)) }
                let read = {
                    try await threads.run {
                        try NamespaceHandle.within(.path(path)) { try AddressFamily.allCases.map(Forwarding.isOn) }
                    }
                }
                _ = try Oracle.run(["sysctl", "-qw", "net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0"], path)
                #expect(try await read() == [false, false])
                _ = try Oracle.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"], path)
                #expect(try await read() == [true, false])
                _ = try Oracle.run(["sysctl", "-qw", "net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=1"], path)
                #expect(try await read() == [false, true])
            }
        }

        @Test func routerAdvertisementsAreKeptWhereTheyCount() async throws {
            try await withDirectory { directory in
                let path = "\(directory)/host"
                try await threads.run { try NamespaceHandle.create(NamespacePin(path: path)) }
                for name in ["listens", "deaf", "always", "ours"] {
                    try Oracle.ip("link add \(name) type bridge", in: path)
                }
                try Oracle.ip("link set ours group 7777", in: path)
                _ = try Oracle.run(
                    ["sysctl", "-qw"]
                        + ["listens=1", "deaf=0", "always=2", "ours=1"].map {
                            "net/ipv6/conf/" + $0.replacing("=", with: "/accept_ra=")
                        }, path)
                let changed = try await threads.run {
                    try NamespaceHandle.within(.path(path)) { try Forwarding.keepRouterAdvertisements(without: [7777]) }
                }
                #expect(changed == ["listens"])
                let now = try ["listens", "deaf", "always", "ours", "default", "all"].map {
                    try Oracle.run(["cat", "/proc/sys/net/ipv6/conf/\($0)/accept_ra"], path)
                }
                #expect(now.prefix(4) == ["2\n", "0\n", "2\n", "1\n"])
                #expect(!now.suffix(2).contains("2\n"))
            }
        }
    }
}
