import Addressing
import CShims
import Dataplane
import Glibc
import Testing

@testable import Kernel

extension LinkTests {
    @Suite(.serialized, .ownNamespaces) struct AnnouncementTests {
        private let threads: BlockingThreads
        private let mac = MACAddress("02:42:0a:09:00:02")
        private let addresses = [IPAddress("10.9.0.2"), IPAddress("fd00:9::2")]

        init() throws { threads = try BlockingThreads(name: "test", count: 2) }

        /// Two namespaces with a veth between them, both ends `eth0`, in which `there` hears `here`.
        private func withPair(_ body: (_ here: String, _ there: String) async throws -> Void) async throws {
            try await withDirectory { directory in
                let here = "\(directory)/here"
                let there = "\(directory)/there"
                try await threads.run {
                    try NamespaceHandle.create(NamespacePin(path: here))
                    try NamespaceHandle.create(NamespacePin(path: there))
                }
                try Oracle.ip("link add eth0 type veth peer name peer0", in: there)
                try Oracle.ip("link set peer0 netns \(here) name eth0", in: there)
                for end in [here, there] {
                    _ = try Oracle.run(["sysctl", "-qw", "net.ipv6.conf.eth0.accept_dad=0"], end)
                    try Oracle.ip("link set eth0 up", in: end)
                }
                try await body(here, there)
            }
        }

        private func announcement(in path: String, count: Int = 1, interval: Int = 100) throws -> Announcement {
            Announcement(
                namespace: .path(path), interface: "eth0", mac: try #require(mac),
                addresses: addresses.compactMap { $0 },
                count: count, intervalMilliseconds: interval)
        }

        /// Hears every frame that comes in at `eth0` of a namespace.
        private struct Ear: Sendable {
            let descriptor: Int32

            init(in path: String, on threads: BlockingThreads) async throws {
                descriptor = try await threads.run {
                    try NamespaceHandle.within(.path(path)) {
                        // ETH_P_ALL in network order.
                        socket(AF_PACKET, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0x0300)
                    }
                }
                try #require(descriptor >= 0)
                _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            }

            /// What has come in so far from the announcer's MAC; the kernel's own frames have the veth's.
            func frames() -> [[UInt8]] {
                var frames: [[UInt8]] = []
                var buffer = [UInt8](repeating: 0, count: 2048)
                while true {
                    let count = recv(descriptor, &buffer, buffer.count, 0)
                    guard count > 0 else { return frames }
                    let frame = Array(buffer[..<count])
                    if frame[6..<12] == [0x02, 0x42, 0x0A, 9, 0, 2] { frames.append(frame) }
                }
            }
        }

        @Test func neighboursMoveToTheNewMAC() async throws {
            try await withPair { here, there in
                try Oracle.ip("addr add 10.9.0.1/24 dev eth0", in: there)
                try Oracle.ip("addr add fd00:9::1/64 dev eth0 nodad", in: there)
                for address in ["10.9.0.2", "fd00:9::2"] {
                    try Oracle.ip("neigh add \(address) lladdr 02:00:00:00:00:99 dev eth0 nud stale", in: there)
                }
                // A kernel believes a new answer one second after the last at the earliest (locktime).
                try await Task.sleep(for: .milliseconds(1200))
                try await announcement(in: here).send(on: threads)
                let known = { try Oracle.run(["ip", "neigh", "show", "dev", "eth0"], there) }
                #expect(try await eventually { try known().components(of: "02:42:0a:09:00:02") == 2 })
                #expect(try !known().contains("02:00:00:00:00:99"))
            }
        }

        @Test func framesAreThoseOfTheStandards() async throws {
            try await withPair { here, there in
                let ear = try await Ear(in: there, on: threads)
                defer { close(ear.descriptor) }
                try await announcement(in: here).send(on: threads)
                var frames: [[UInt8]] = []
                #expect(
                    try await eventually {
                        frames += ear.frames()
                        return frames.count >= 2
                    })
                let own: [UInt8] = [0x02, 0x42, 0x0A, 9, 0, 2]
                try #require(frames.count == 2)
                let arp: [UInt8] =
                    [UInt8](repeating: 0xFF, count: 6) + own + [8, 6, 0, 1, 8, 0, 6, 4, 0, 1] + own
                    + [10, 9, 0, 2, 0, 0, 0, 0, 0, 0, 10, 9, 0, 2]
                #expect(Array(frames[0].prefix(42)) == arp)
                let six = frames[1]
                #expect(Array(six[0..<6]) == [0x33, 0x33, 0, 0, 0, 1])
                #expect(six[21] == 255)
                #expect(six[58] == 0x20)
                #expect(Array(six[38..<54]) == [0xFF, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
                #expect(Array(six[62..<78]) == IPAddress("fd00:9::2")?.bytes)
                #expect(Array(six[78..<86]) == [2, 1] + own)
            }
        }

        @Test func roundsAreCountedAndNothingIsHeldBetween() async throws {
            try await withPair { here, there in
                let ear = try await Ear(in: there, on: threads)
                defer { close(ear.descriptor) }
                let before = openDescriptors()
                let announcement = try announcement(in: here, count: 3, interval: 300)
                let clock = ContinuousClock()
                let begin = clock.now
                async let sent: Void = announcement.send(on: threads)
                #expect(try await eventually { ear.frames().count == 2 })
                #expect(clock.now - begin < .milliseconds(290), "the first round goes at once")
                #expect(try await eventually { openDescriptors() == before })
                #expect(clock.now - begin < .milliseconds(290), "between the rounds")
                try await sent
                #expect(clock.now - begin >= .milliseconds(600))
                #expect(ear.frames().count == 4)
                #expect(openDescriptors() == before)
            }
        }

        @Test func noneAreSentWhereNoneAreWanted() async throws {
            try await withPair { here, there in
                let ear = try await Ear(in: there, on: threads)
                defer { close(ear.descriptor) }
                try await announcement(in: here, count: 0).send(on: threads)
                try await Task.sleep(for: .milliseconds(100))
                #expect(ear.frames().isEmpty)
                #expect(try announcement(in: here, count: 9, interval: 5).count == 3)
                #expect(try announcement(in: here, count: 9, interval: 5).intervalMilliseconds == 100)
            }
        }

        @Test func aMissingInterfaceIsTheFirstRoundsError() async throws {
            try await withPair { here, _ in
                let before = openDescriptors()
                try Oracle.ip("link set eth0 name eth1", in: here)
                await #expect(throws: SystemCallError("ioctl", "eth0", errno: ENODEV)) {
                    try await announcement(in: here).send(on: threads)
                }
                #expect(openDescriptors() == before)
            }
        }

        @Test func aNamespaceThatGoesEndsItQuietly() async throws {
            try await withPair { here, _ in
                let announcement = try announcement(in: here, count: 3, interval: 200)
                async let sent: Void = announcement.send(on: threads)
                try await Task.sleep(for: .milliseconds(100))
                try await threads.run { try NamespaceHandle.remove(NamespacePin(path: here)) }
                try await sent
            }
        }
    }
}

extension String {
    /// How often another string occurs in it.
    fileprivate func components(of other: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: other) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
