import Addressing
import Dataplane
import Glibc
import Testing

@testable import Kernel

extension LinkTests {
    @Suite(.serialized, .ownNamespaces) struct ConntrackTests {
        private let threads: BlockingThreads

        init() throws { threads = try BlockingThreads(name: "test", count: 2) }

        /// Flows by name, put in by conntrack(8): direct, masqueraded, published, none of ours, and both of IPv6.
        private static let flows = [
            "out":
                "-s 10.9.0.2 -d 192.0.2.1 -p tcp --sport 1000 --dport 80 -r 192.0.2.1 -q 198.51.100.1 --reply-port-src 80 --reply-port-dst 1000",
            "published":
                "-s 192.0.2.7 -d 198.51.100.1 -p tcp --sport 1001 --dport 80 -r 10.9.0.2 -q 192.0.2.7 --reply-port-src 80 --reply-port-dst 1001",
            "in": "-s 10.9.0.9 -d 10.9.0.2 -p udp --sport 1002 --dport 53",
            "reversed":
                "-s 192.0.2.8 -d 192.0.2.9 -p tcp --sport 1003 --dport 80 -r 192.0.2.9 -q 10.9.0.2 --reply-port-src 80 --reply-port-dst 1003",
            "foreign": "-s 10.9.0.20 -d 192.0.2.1 -p tcp --sport 1004 --dport 80",
            "neighbour": "-s 10.9.0.3 -d 192.0.2.1 -p tcp --sport 1005 --dport 80",
            "six": "-s fd00:9::2 -d 2001:db8::1 -p tcp --sport 1006 --dport 80",
            "six-foreign": "-s fd00:9::20 -d 2001:db8::1 -p tcp --sport 1007 --dport 80",
        ]

        /// The names of the flows in the table, as conntrack(8) sees it.
        private func present(_ pin: NamespacePin) throws -> Set<String> {
            let list =
                try Oracle.run(["conntrack", "-L", "-f", "ipv4", "-o", "id"], pin.path)
                + Oracle.run(["conntrack", "-L", "-f", "ipv6", "-o", "id"], pin.path)
            return Set(
                Self.flows.keys.filter { name in
                    let words = (Self.flows[name] ?? "").split(separator: " ")
                    return list.contains("sport=\(words[7]) ")
                })
        }

        private func withFlows(_ body: (NamespacePin) async throws -> Void) async throws {
            try await withDirectory { directory in
                let pin = NamespacePin(path: "\(directory)/one")
                try await threads.run { try NamespaceHandle.create(pin) }
                for flow in Self.flows.values {
                    let words = flow.split(separator: " ").map(String.init)
                    let state = flow.contains("tcp") ? ["--state", "ESTABLISHED"] : []
                    _ = try Oracle.run(["conntrack", "-I", "--timeout", "300"] + words + state, pin.path)
                }
                try #require(try present(pin) == Set(Self.flows.keys))
                try await body(pin)
            }
        }

        private func addresses(_ texts: String...) throws -> Set<IPAddress> {
            Set(try texts.map { try #require(IPAddress($0)) })
        }

        /// Once by the kernel's filter, once by a dump.
        @Test(arguments: [0, 1000]) func connectionsOfAnAddressGoInBothDirectionsAndOthersStay(limit: Int) async throws
        {
            try await withFlows { pin in
                let gone = try addresses("10.9.0.2", "fd00:9::2")
                let before = openDescriptors()
                try await threads.run { try Conntrack.forget(gone, in: .path(pin.path), filterFrom: limit) }
                #expect(try present(pin) == ["foreign", "neighbour", "six-foreign"])
                #expect(openDescriptors() == before)
            }
        }

        /// `/proc/net/nf_conntrack` names whoever takes part, in either direction and family, and nobody else.
        @Test func theTextShowsWhoIsFollowed() async throws {
            try await withFlows { pin in
                func shows(_ count: Int, noneOf texts: String...) async throws -> Bool {
                    let addresses = Set(try texts.map { try #require(IPAddress($0)) })
                    return try await threads.run {
                        try NamespaceHandle.within(.path(pin.path)) { ConnectionText.shows(count, noneOf: addresses) }
                    }
                }
                try #require(access("/proc/net/nf_conntrack", R_OK) == 0, "this kernel has no nf_conntrack file")
                #expect(try await shows(8, noneOf: "10.9.0.4", "fd00:9::4", "10.9.0.30"))
                for followed in ["10.9.0.2", "10.9.0.20", "198.51.100.1", "192.0.2.8", "fd00:9::2", "2001:db8::1"] {
                    #expect(try await !shows(8, noneOf: "10.9.0.4", followed), "\(followed)")
                }
                #expect(try await !shows(100_000, noneOf: "10.9.0.4"))
                // Longer than one read.
                let lines = (0..<120).map {
                    "conntrack -I -s 10.9.7.\($0) -d 192.0.2.1 -p udp --sport 3000 --dport 80 --timeout 300 2>&1"
                }
                _ = try Oracle.run(["sh", "-c", lines.joined(separator: " || exit 1\n")], pin.path)
                for host in 0..<120 { #expect(try await !shows(128, noneOf: "10.9.7.\(host)")) }
                #expect(try await shows(128, noneOf: "10.9.7.120"))
            }
        }

        /// More deletions than one send carries.
        @Test(arguments: [0, 1000]) func hundredsGoAtOnce(limit: Int) async throws {
            try await withFlows { pin in
                let lines = (0..<250).map {
                    "-I -s 10.9.7.7 -d 192.0.2.1 -p udp --sport \(2000 + $0) --dport 80 --timeout 300"
                }
                let script = lines.map { "conntrack \($0) 2>&1" }.joined(separator: " || exit 1\n")
                _ = try Oracle.run(["sh", "-c", script], pin.path)
                try #require(Oracle.run(["conntrack", "-L", "-s", "10.9.7.7"], pin.path).contains("sport=2249"))
                let gone = try addresses("10.9.7.7")
                try await threads.run { try Conntrack.forget(gone, in: .path(pin.path), filterFrom: limit) }
                #expect(try !Oracle.run(["conntrack", "-L"], pin.path).contains("10.9.7.7"))
                #expect(try present(pin) == Set(Self.flows.keys))
            }
        }

        @Test(arguments: [0, 1000]) func oneFamilyLeavesTheOtherAlone(limit: Int) async throws {
            try await withFlows { pin in
                let gone = try addresses("fd00:9::2")
                try await threads.run { try Conntrack.forget(gone, in: .path(pin.path), filterFrom: limit) }
                #expect(try present(pin) == Set(Self.flows.keys).subtracting(["six"]))
            }
        }

        @Test(arguments: [0, 1000]) func noAddressesAndUnknownOnesChangeNothing(limit: Int) async throws {
            try await withFlows { pin in
                let unknown = try addresses("10.9.9.9", "0.0.0.0", "::")
                try await threads.run {
                    try Conntrack.forget([], in: .path(pin.path))
                    try Conntrack.forget(unknown, in: .path(pin.path), filterFrom: limit)
                }
                #expect(try present(pin) == Set(Self.flows.keys))
            }
        }

        @Test func aRuleSaysWhatGoes() async throws {
            try await withFlows { pin in
                let seen = Shared<[Connection]>([])
                let count = try await threads.run {
                    try Conntrack.forget(in: .path(pin.path)) { connection in
                        seen.change { $0.append(connection) }
                        return connection.original.sourcePort == 1001 || connection.original.transport == 17
                    }
                }
                #expect(count == 2)
                #expect(try present(pin) == Set(Self.flows.keys).subtracting(["published", "in"]))
                let published = try #require(seen.value.first { $0.original.sourcePort == 1001 })
                #expect("\(published.original.destination) \(published.original.destinationPort)" == "198.51.100.1 80")
                #expect("\(published.reply.source) \(published.reply.destination)" == "10.9.0.2 192.0.2.7")
                #expect(published.original.transport == 6)
            }
        }

        /// Another namespace's connections of the same addresses are another's.
        @Test func onlyTheNamespacesOwnGo() async throws {
            try await withFlows { pin in
                let gone = try addresses("10.9.0.2")
                try await threads.run { try Conntrack.forget(gone) }
                #expect(try present(pin) == Set(Self.flows.keys))
            }
        }
    }
}
