import Addressing
import Dataplane
import Netlink
import Testing

@testable import Kernel

extension LinkTests {
    @Suite(.serialized) struct CollectorTests {
        private let bed: Testbed

        init() throws { bed = try Testbed() }

        private func names(_ prefixes: String...) throws -> [String] {
            try Oracle.links().keys.filter { name in prefixes.contains { name.hasPrefix($0) } }
        }

        /// Doomed by hand, as an earlier run would have left them.
        private func doom(_ count: Int, from index: Int32, master: Int32? = nil) throws {
            let socket = try NetlinkSocket()
            var messages: [Message] = []
            for number in 0..<Int32(count) {
                let own = index + 2 * number
                messages.append(
                    try .createVeth(
                        .init(name: LinkGroups.doomedName(of: own), index: own, group: bed.groups.doomed),
                        peer: .init(name: "\(bed.prefix)z\(own)", index: own + 1, group: 0), inNamespace: nil))
            }
            try socket.perform(messages)
        }

        @Test func whatAnEarlierRunLeftIsCollected() async throws {
            try doom(250, from: 30_000)
            let socket = try NetlinkSocket()
            for index in Int32(31_000)..<31_003 {
                try socket.perform([
                    .createBridge(
                        .init(name: LinkGroups.doomedName(of: index), index: index, group: bed.groups.doomed))
                ])
            }
            bed.collector.start()
            #expect(await bed.collector.drain())
            #expect(try names("gone-", "\(bed.prefix)z") == [])
        }

        @Test func aStrangerInTheGroupStays() async throws {
            try doom(6, from: 32_000)
            try Oracle.ip("link add \(bed.prefix)strange group \(bed.groups.doomed) type bridge")
            defer { try? Oracle.ip("link del \(bed.prefix)strange") }
            bed.collector.start()
            #expect(await bed.collector.drain())
            #expect(try names("gone-") == [])
            #expect(try names("\(bed.prefix)strange").count == 1)
        }

        @Test func whatHasAnotherLinksDoomedNameStays() async throws {
            // Named like a doomed link, but it isn't the one with that index.
            try Oracle.ip("link add gone-abc group \(bed.groups.owned) type bridge")
            defer { try? Oracle.ip("link del gone-abc") }
            bed.collector.start()
            #expect(await bed.collector.drain())
            #expect(try names("gone-abc").count == 1)
        }

        @Test func doomedLinksAreDownAndOutOfTheWayAtOnce() async throws {
            // The collector waits as long as a request is being worked on.
            bed.collector.requestBegins()
            let network = bed.network()
            try await bed.executor.execute(Plan(from: State(), to: network))
            let index = try #require(try Oracle.links()[bed.bridge.name]).ifindex
            try await bed.executor.execute(Plan(from: network, to: State()))
            let doomed = try #require(try Oracle.links()[LinkGroups.doomedName(of: index)])
            #expect(doomed.ifindex == index)
            #expect(!doomed.isUp)
            #expect(doomed.group == "\(bed.groups.doomed)")
            #expect(doomed.ifalias == "fairlead:\(bed.bridge.name)")
            let observation = try await bed.observe()
            #expect(observation.doomed == [LinkID(doomed.ifname)])
            #expect(observation.state.links.isEmpty)
            // Its name and subnet can be used again meanwhile.
            try await bed.executor.execute(Plan(from: State(), to: network))
            #expect(try #require(try Oracle.links()[bed.bridge.name]).ifindex != index)
            bed.collector.requestEnds()
            #expect(await bed.collector.drain())
            #expect(try names("gone-") == [])
            try await bed.clear(network)
        }

        @Test func steadyRequestsDontKeepLinksForever() async throws {
            bed.collector.requestBegins()
            defer { bed.collector.requestEnds() }
            let network = bed.network()
            try await bed.executor.execute(Plan(from: State(), to: network))
            try await bed.executor.execute(Plan(from: network, to: State()))
            #expect(await bed.collector.drain(limit: .seconds(10)))
            #expect(try names("gone-") == [])
        }

        @Test func manyAtOnceGoByGroup() async throws {
            var desired = bed.network()
            for host in UInt8(2)..<122 { desired.merge(bed.container("m\(host)", host: host)) }
            try await bed.executor.execute(Plan(from: State(), to: desired))
            try await bed.clear(desired)
            #expect(try names("gone-", bed.prefix) == [])
        }
    }
}
