import Addressing
import Dataplane
import Engine
import Glibc
import NetworkModel
import Testing

@Suite struct SharingTests {
    @Test func whoSharesANamespaceEndsWithIt() async throws {
        let bed = try await Testbed()
        try await bed.container("owner", on: ["bridge"])
        try await bed.container("guest") { $0.host.networkMode = .container("owner") }
        try await bed.engine.stopContainer("owner")
        try await eventually { (try? bed.engine.snapshot.container("guest").container.state.status) == .exited }
        #expect(try bed.engine.snapshot.container("guest").container.state.exitCode == 137)
    }

    @Test func stoppingAGuestLeavesTheOwnerWatched() async throws {
        let bed = try await Testbed()
        let owner = try await bed.container("owner", on: ["bridge"])
        try await bed.container("guest") { $0.host.networkMode = .container("owner") }
        try await bed.engine.stopContainer("guest")
        bed.platform.vanish(try #require(bed.engine.snapshot.containers[owner]?.container.sandbox?.id))
        try await eventually { bed.engine.snapshot.containers[owner]?.container.state.status == .exited }
    }

    @Test func networksOfAContainerWithAnothersStackAreOverlooked() async throws {
        let bed = try await Testbed()
        try await bed.container("owner", on: ["bridge"])
        try await bed.container("guest", on: ["container:owner"]) { $0.host.networkMode = .container("owner") }
        #expect(try bed.engine.snapshot.container("guest").container.attachments.isEmpty)
    }

    @Test func noneIsAloneButCanBeLeft() async throws {
        let bed = try await Testbed()
        try await bed.network("front")
        try await bed.container("c1", on: ["none"])
        await #expect(
            throws: EngineError(
                .invalidArgument,
                "container cannot be connected to multiple networks with one of the networks in private (none) mode")
        ) { try await bed.engine.connect("c1", to: "front", settings: nil) }
        try await bed.engine.disconnect("c1", from: "none", force: false)
        try await bed.engine.connect("c1", to: "front", settings: nil)
    }

    @Test func anAdoptedNamespacesOwnInterfacesAreLeftAlone() async throws {
        let bed = try await Testbed()
        bed.platform.setIdentity("boot/cookie:77", of: "/run/netns/x")
        bed.platform.setNames(["lo", "eth0"], in: "/run/netns/x")
        let id = try await bed.container("c1", on: ["bridge"]) {
            $0.config.labels[Container.adoptionLabel] = "/run/netns/x"
        }
        #expect(bed.engine.snapshot.containers[id]?.endpoints.map(\.interface) == ["eth1"])
    }

    @Test func aVanishedNamespaceIsCleanedUpOnceTheKernelLetsUs() async throws {
        let bed = try await Testbed()
        let id = try await bed.container("c1", on: ["bridge"])
        bed.kernel.refuse { if case .doomLink = $0.action { EBUSY } else { nil } }
        bed.platform.vanish(try #require(bed.engine.snapshot.containers[id]?.container.sandbox?.id))
        try await Task.sleep(for: .milliseconds(200))
        let attempts = bed.kernel.plans.count
        #expect(bed.engine.snapshot.containers[id]?.container.state.status == .running)
        try await Task.sleep(for: .milliseconds(300))
        #expect(bed.kernel.plans.count <= attempts + 1)
        bed.kernel.refuse(nil)
        try await eventually { bed.engine.snapshot.containers[id]?.container.state.status == .exited }
        #expect(try await bed.engine.plan().isEmpty)
    }
}

@Suite struct AdoptedBridgeTests {
    private let option = ["com.docker.network.bridge.name": "br-theirs"]

    @Test func aBridgeThatIsThereIsUsedAndLeft() async throws {
        let bed = try await Testbed()
        bed.platform.setInterface("br-theirs", .bridge([IPPrefix("10.8.0.1/24")!]))
        let network = try await bed.network("n", subnet: "10.8.0.0/24") { $0.options = option }
        let steps = bed.kernel.plans.flatMap(\.steps).map(\.action)
        #expect(
            !steps.contains { if case .createLink(let link, _) = $0 { link.id.name == "br-theirs" } else { false } })
        #expect(steps.contains(.setUp(LinkID("br-theirs"))))
        #expect(
            !steps.contains { if case .writeSysctl(let id, _, _) = $0 { id.path.contains("br-theirs") } else { false } }
        )
        #expect(!bed.kernel.state.addresses.contains { $0.link.name == "br-theirs" })
        try await bed.restart()
        try await bed.engine.removeNetwork(network.name)
        #expect(!bed.kernel.plans.flatMap(\.steps).contains { if case .doomLink = $0.action { true } else { false } })
        #expect(try bed.store.load().settings.keys.allSatisfy { !$0.hasPrefix("adopted-bridge") })
    }

    @Test func whatIsNoBridgeOrAddressedOtherwiseIsRefused() async throws {
        let bed = try await Testbed()
        bed.platform.setInterface("br-theirs", .other)
        await #expect(throws: EngineError(.system, "existing interface br-theirs is not a bridge")) {
            try await bed.network("n") { $0.options = option }
        }
        bed.platform.setInterface("br-theirs", .bridge([IPPrefix("10.9.0.1/24")!]))
        await #expect(
            throws: EngineError(
                .system, "bridge IPv4 (10.9.0.1/24) does not match requested configuration 10.8.0.1/24")
        ) { try await bed.network("n", subnet: "10.8.0.0/24") { $0.options = option } }
        bed.platform.setInterface("br-theirs", .absent)
        try await bed.network("n", subnet: "10.8.0.0/24") { $0.options = option }
    }

    @Test func twoBridgesNeverShareASubnet() async throws {
        let bed = try await Testbed()
        func create(_ name: String, _ range: String) async throws {
            try await bed.network(name) {
                $0.ipam = NetworkRequest.IPAM(
                    config: [IPAMConfig(subnet: IPPrefix("10.8.0.0/24"), range: IPPrefix(range))])
            }
        }
        try await create("a", "10.8.0.0/25")
        await #expect(throws: EngineError.self) { try await create("b", "10.8.0.128/25") }
        try await bed.engine.removeNetwork("a")
        try await create("b", "10.8.0.128/25")
    }
}
