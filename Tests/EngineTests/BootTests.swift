import Addressing
import Dataplane
import Engine
import Glibc
import NetworkModel
import Testing

@Suite struct BootTests {
    private func bridge(_ bed: Testbed) throws -> Network { try bed.engine.snapshot.network("bridge").network }

    @Test func anotherBipMovesTheDefaultBridge() async throws {
        let bed = try await Testbed()
        let old = try bridge(bed)
        try await bed.restart { $0.defaultBridge.gateways[.ipv4] = IPPrefix("10.200.0.1/24") }
        let new = try bridge(bed)
        #expect(new.id == old.id)
        #expect(new.created == old.created)
        #expect(new.pools.map { "\($0.subnet)" } == ["10.200.0.0/24"])
        #expect(try await bed.engine.plan().isEmpty)
    }

    @Test func aBusyDefaultBridgeKeepsItsAddresses() async throws {
        let bed = try await Testbed()
        try await bed.container("c1", on: ["bridge"])
        let before = try bed.addresses("c1")
        try await bed.restart { $0.defaultBridge.gateways[.ipv4] = IPPrefix("10.200.0.1/24") }
        #expect(try bed.addresses("c1") == before)
        #expect(try bridge(bed).pools.map { "\($0.subnet)" } == ["172.17.0.0/16"])
    }

    @Test func theDefaultBridgeCanGoAndComeBack() async throws {
        let bed = try await Testbed()
        let old = try bridge(bed)
        try await bed.container("c1", on: ["bridge"])
        try await bed.restart { $0.defaultBridge.isDisabled = true }
        #expect(throws: EngineError.self) { try bridge(bed) }
        try await bed.engine.stopContainer("c1")
        try await bed.engine.startContainer("c1")
        #expect(try bed.addresses("c1").isEmpty)
        try await bed.restart { $0.defaultBridge.isDisabled = false }
        #expect(try bridge(bed).id == old.id)
        #expect(try bridge(bed).created == old.created)
        try await bed.engine.stopContainer("c1")
        try await bed.engine.startContainer("c1")
        #expect(try bed.addresses("c1") == ["172.17.0.2/16"])
    }

    @Test func forwardingStaysClosedThoughNoNetworkNeedsIt() async throws {
        let bed = try await Testbed()
        bed.platform.setForwarding([.ipv4])
        try await bed.network("v6") { $0.enableIPv6 = true }
        bed.platform.setForwarding([.ipv4, .ipv6])
        try await bed.engine.removeNetwork("v6")
        try await bed.restart { $0.ipForward = false }
        #expect(bed.kernel.state.elements.keys.contains(SetElement.ID(set: "closed", key: [.family(.ipv6)])))
    }

    @Test func oneRefusedContainerKeepsNobodyFromStarting() async throws {
        let bed = try await Testbed()
        try await bed.network("n", subnet: "10.4.0.0/24")
        for name in ["bad", "good"] {
            try await bed.container(name, on: ["n"]) { $0.host.restartPolicy = RestartPolicy(name: .always) }
        }
        let refused = try #require(bed.engine.snapshot.container("bad").endpoints.first?.hostInterface)
        bed.kernel.tamper { $0 = State() }
        bed.kernel.refuse { step in
            if case .createLink(let link, _) = step.action, link.id.name == refused { EBUSY } else { nil }
        }
        try await bed.restart()
        let bad = try bed.engine.snapshot.container("bad").container
        #expect(bad.state.status == .exited)
        #expect(bad.state.error.contains("device or resource busy"))
        #expect(try bed.addresses("good") == ["10.4.0.3/24"])
        #expect(try await bed.engine.plan().isEmpty)
        #expect(try bed.store.load().endpoints.count == 1)
    }

    @Test func hostModeSurvivesTheDaemonButNotAReboot() async throws {
        let bed = try await Testbed()
        try await bed.container("h1", on: ["host"])
        try await bed.restart()
        #expect(try bed.engine.snapshot.container("h1").container.state.isRunning)
        bed.platform.setOwnIdentity("other-boot/cookie:1")
        try await bed.restart()
        #expect(try bed.engine.snapshot.container("h1").container.state.status == .exited)
    }

    @Test func sharersFollowTheirOwnerOverARestart() async throws {
        let bed = try await Testbed()
        try await bed.container("owner", on: ["bridge"])
        try await bed.container("guest") { $0.host.networkMode = .container("owner") }
        try await bed.restart()
        let owner = try bed.engine.snapshot.container("owner").container
        let guest = try bed.engine.snapshot.container("guest").container
        #expect(guest.state.isRunning)
        #expect(guest.sandbox?.id == owner.sandbox?.id)
    }

    @Test func aRenamedOwnerKeepsItsSharers() async throws {
        let bed = try await Testbed()
        try await bed.container("owner", on: ["bridge"])
        try await bed.container("guest") { $0.host.networkMode = .container("owner") }
        try await bed.engine.renameContainer("owner", to: "renamed")
        try await bed.restart()
        #expect(try bed.engine.snapshot.container("guest").container.state.isRunning)
        try await bed.engine.stopContainer("guest")
        try await bed.engine.startContainer("guest")
    }

    @Test func sharersDoNotVouchForEachOther() async throws {
        let bed = try await Testbed()
        let owner = try await bed.container("owner", on: ["bridge"])
        for name in ["s1", "s2"] {
            try await bed.container(name) { $0.host.networkMode = .container("owner") }
        }
        bed.platform.setIdentity(nil, of: try #require(bed.engine.snapshot.containers[owner]?.container.sandbox?.path))
        try await bed.restart()
        for name in ["owner", "s1", "s2"] {
            #expect(try bed.engine.snapshot.container(name).container.state.status == .exited)
        }
    }

    @Test func theOperatorsBridgeComesAndGoes() async throws {
        let bed = try await Testbed()
        bed.platform.setInterface("mybr", .bridge([IPPrefix("10.77.0.1/24")!]))
        func made(_ name: String) -> Bool {
            bed.kernel.state.links[LinkID(name)]?.kind == .bridge
        }
        for _ in 0..<2 {
            try await bed.restart { $0.defaultBridge.interface = "mybr" }
            #expect(try bridge(bed).pools.map { "\($0.subnet)" } == ["10.77.0.0/24"])
            #expect(!made("mybr") && !made("fairlead0"))
        }
        for _ in 0..<3 {
            try await bed.restart { $0.defaultBridge.interface = "fairlead0" }
            #expect(made("fairlead0"))
            #expect(try await bed.engine.plan().isEmpty)
        }
        try await bed.container("c1", on: ["bridge"])
        await #expect(throws: EngineError.self) { try await bed.restart { $0.defaultBridge.interface = "mybr" } }
        await #expect(
            throws: EngineError(
                .forbidden, "network bridge: bridge device with non default name nosuch must be created manually")
        ) { try await bed.restart { $0.defaultBridge.interface = "nosuch" } }
    }

    @Test func aContainerThatWaitedToBeRestartedIsStarted() async throws {
        let bed = try await Testbed()
        let id = try await bed.container("c1", on: ["bridge"]) { $0.host.restartPolicy = RestartPolicy(name: .always) }
        bed.kernel.refuse { if case .createLink = $0.action { EBUSY } else { nil } }
        let sandbox = try #require(bed.engine.snapshot.containers[id]?.container.sandbox)
        bed.platform.setIdentity(nil, of: sandbox.path)
        bed.platform.vanish(sandbox.id)
        try await eventually { bed.engine.snapshot.containers[id]?.container.sandbox == nil }
        bed.kernel.refuse(nil)
        try await bed.restart()
        #expect(try bed.engine.snapshot.container("c1").container.state.status == .running)
    }
}

/// Waits, at most two seconds, for something to become true.
func eventually(_ condition: () -> Bool) async throws {
    for _ in 0..<200 where !condition() { try await Task.sleep(for: .milliseconds(10)) }
    #expect(condition())
}
