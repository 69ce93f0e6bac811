import Addressing
import Dataplane
import Glibc
import Netlink
import Testing

@testable import Kernel

extension LinkTests {
    @Suite(.serialized, .ownNamespaces) struct AddressingWatchTests {
        private let threads: BlockingThreads

        init() throws { threads = try BlockingThreads(name: "test", count: 1) }

        /// What the watch says after each sentence of `ip`.
        private func changes(
            after sentences: [String], of path: String, _ watch: AddressingWatch
        ) throws -> [Bool] {
            try sentences.map { sentence in
                try Oracle.ip(sentence, in: path)
                return watch.hasChanged()
            }
        }

        private func withWatch(_ body: (String, AddressingWatch) async throws -> Void) async throws {
            try await withDirectory { directory in
                let path = "\(directory)/host"
                let watch = try await threads.run {
                    try NamespaceHandle.create(NamespacePin(path: path))
                    return try NamespaceHandle.within(.path(path)) { try AddressingWatch() }
                }
                for sentence in ["link set lo up", "link add uplink type bridge", "link set uplink up"] {
                    try Oracle.ip(sentence, in: path)
                }
                _ = watch.hasChanged()
                #expect(!watch.hasChanged())
                try await body(path, watch)
            }
        }

        @Test func whatIsAddedIsToldAtOnce() async throws {
            try await withWatch { path, watch in
                let told = try changes(
                    after: [
                        "addr add 192.0.2.9/24 dev uplink", "addr add 2001:db8::9/64 dev uplink nodad",
                        "route add 198.51.100.0/25 dev uplink", "route del 198.51.100.0/25 dev uplink",
                        "-6 route add 2001:db8:1::/64 dev uplink", "addr del 192.0.2.9/24 dev uplink",
                    ], of: path, watch)
                #expect(told == [true, true, true, true, true, true])
                #expect(!watch.hasChanged())
            }
        }

        @Test func whatComesWithOurLinksIsNone() async throws {
            try await withWatch { path, watch in
                try Oracle.ip("link add ours type bridge", in: path)
                try Oracle.ip("link set ours up", in: path)
                #expect(!watch.hasChanged())
                try await add(["10.128.0.1/24", "fd00::1/64"], to: "ours", of: path)
                #expect(!watch.hasChanged())
                let told = try changes(
                    after: ["link set ours down", "link del ours", "route add 203.0.113.0/24 dev uplink table 7"],
                    of: path, watch)
                #expect(told == [false, false, false])
            }
        }

        @Test func whatWasLostCounts() async throws {
            try await withWatch { path, watch in
                for part in 1...8 { try await add((1...250).map { "10.9.\(part).\($0)/32" }, to: "uplink", of: path) }
                #expect(watch.hasChanged())
                #expect(!watch.hasChanged())
            }
        }

        /// Adds addresses as the daemon does.
        private func add(_ addresses: [String], to link: String, of path: String) async throws {
            try await threads.run {
                try NamespaceHandle.within(.path(path)) {
                    let socket = try NetlinkSocket()
                    let index = Int32(if_nametoindex(link))
                    try socket.perform(addresses.map { try .addAddress(#require(IPPrefix($0)), to: index) })
                }
            }
        }

        @Test func nonsenseCounts() {
            for bytes: [UInt8] in [
                [UInt8](repeating: 0, count: 16), [20, 0, 0, 0, 20, 0] + [UInt8](repeating: 0, count: 14),
            ] {
                var bytes = bytes
                bytes.withUnsafeMutableBytes { #expect(AddressingWatch.tells($0[...])) }
            }
        }
    }
}
