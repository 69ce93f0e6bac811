import Addressing
import Dataplane
import Engine
import Glibc
import NetworkModel
import Testing

@Suite struct NetworkTests {
    @Test func thePredefinedNetworksKeepTheirIDs() async throws {
        let bed = try await Testbed()
        let before = Set(bed.engine.snapshot.networks.values.map { "\($0.network.name) \($0.network.id)" })
        #expect(Set(bed.engine.snapshot.networks.values.map(\.network.name)) == ["bridge", "host", "none"])
        try await bed.restart()
        #expect(Set(bed.engine.snapshot.networks.values.map { "\($0.network.name) \($0.network.id)" }) == before)
    }

    @Test func aRestartFindsNothingToDo() async throws {
        let bed = try await Testbed()
        try await bed.network("front") { $0.enableIPv6 = true }
        try await bed.container("web", on: ["front", "bridge"])
        let executed = bed.kernel.plans.count
        try await bed.restart()
        #expect(bed.kernel.plans.count == executed)
        #expect(try await bed.engine.plan().isEmpty)
    }

    @Test func aRefusedNetworkLeavesNothingBehind() async throws {
        let bed = try await Testbed()
        let kernelBefore = bed.kernel.state
        let storeBefore = try bed.store.load()
        bed.kernel.refuse { if case .addAddress = $0.action { EADDRINUSE } else { nil } }
        await #expect(throws: EngineError.self) { try await bed.network("front", subnet: "10.9.0.0/24") }
        bed.kernel.refuse(nil)
        #expect(bed.kernel.state == kernelBefore)
        #expect(try bed.store.load() == storeBefore)
        #expect(try await bed.network("front", subnet: "10.9.0.0/24").pools.first?.gateway == IPAddress("10.9.0.1"))
    }

    @Test func aDeletedNetworksSubnetIsFreeAtOnce() async throws {
        let bed = try await Testbed()
        let first = try await bed.network("a")
        try await bed.engine.removeNetwork("a")
        let second = try await bed.network("b")
        #expect(first.pools.map(\.subnet) == second.pools.map(\.subnet))
        #expect(bed.kernel.state.links[LinkID("br-\(first.id.short)")] == nil)
    }

    @Test func oneOfManyWithTheSameNameWins() async throws {
        let bed = try await Testbed()
        let engine = bed.engine
        let outcomes = await withTaskGroup(of: String.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    do throws(EngineError) {
                        _ = try await engine.createNetwork(NetworkRequest(name: "same"))
                        return "made"
                    } catch {
                        return error.message
                    }
                }
            }
            return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
        }
        #expect(outcomes == ["made": 1, "network with name same already exists": 15])
    }

    @Test func manyAtOnceGetDifferentSubnets() async throws {
        let bed = try await Testbed()
        let engine = bed.engine
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask { _ = try await engine.createNetwork(NetworkRequest(name: "n\(number)")) }
            }
            try await group.waitForAll()
        }
        let subnets = bed.engine.snapshot.networks.values.flatMap { $0.network.pools.map(\.subnet) }.sorted()
        #expect(subnets.count == 65)
        for (left, right) in zip(subnets, subnets.dropFirst()) { #expect(!left.overlaps(right)) }
        #expect(try await bed.engine.plan().isEmpty)
    }

    @Test func aConfigurationIsCopiedAndInUse() async throws {
        let bed = try await Testbed()
        try await bed.network("config", subnet: "10.7.0.0/24") {
            $0.isConfigOnly = true
            $0.labels = ["a": "b"]
        }
        let copy = try await bed.network("copy") { $0.configFrom = "config" }
        #expect(copy.labels == ["a": "b"])
        #expect(copy.pools.map { "\($0.subnet)" } == ["10.7.0.0/24"])
        await #expect(
            throws: EngineError(
                .forbidden, "error while removing network: configuration network \"config\" is in use")
        ) { try await bed.engine.removeNetwork("config") }
        await #expect(throws: EngineError(.notFound, "configuration network \"none\" does not exist")) {
            try await bed.network("other") { $0.configFrom = "none" }
        }
    }

    @Test func forwardingIsTurnedOnAndRemembered() async throws {
        let bed = try await Testbed()
        bed.platform.setForwarding([.ipv4])
        try await bed.network("v6") { $0.enableIPv6 = true }
        #expect(bed.kernel.state.sysctls[SysctlID("net/ipv6/conf/all/forwarding")] == "1")
        #expect(bed.kernel.state.elements.keys.contains(SetElement.ID(set: "closed", key: [.family(.ipv6)])))
        bed.platform.setForwarding([.ipv4, .ipv6])
        try await bed.restart()
        #expect(try await bed.engine.plan().isEmpty)
        #expect(bed.kernel.state.elements.keys.contains(SetElement.ID(set: "closed", key: [.family(.ipv6)])))
    }

    @Test func pruneTakesOnlyWhatNobodyUses() async throws {
        let bed = try await Testbed()
        for name in ["used", "unused", "kept"] { try await bed.network(name) }
        try await bed.container("user", on: ["used"])
        #expect(try await bed.engine.pruneNetworks { $0.name != "kept" } == ["unused"])
        #expect(Set(bed.engine.snapshot.networkIDs.keys) == ["bridge", "host", "none", "used", "kept"])
    }
}
