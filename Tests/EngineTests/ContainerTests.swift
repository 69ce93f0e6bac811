import Addressing
import Dataplane
import Engine
import Glibc
import NetworkModel
import Testing

@Suite struct ContainerTests {
    @Test func addressesAreTheLowestFree() async throws {
        let bed = try await Testbed()
        try await bed.network("n", subnet: "10.4.0.0/24")
        for name in ["a1", "b1", "c1"] { try await bed.container(name, on: ["n"]) }
        #expect(try bed.addresses("c1") == ["10.4.0.4/24"])
        try await bed.engine.stopContainer("b1")
        try await bed.container("d1", on: ["n"])
        #expect(try bed.addresses("d1") == ["10.4.0.3/24"])
    }

    @Test func aStoppedContainersStaticAddressIsGivenAwayLast() async throws {
        let bed = try await Testbed()
        try await bed.network("n", subnet: "10.4.0.0/29")
        try await bed.container("fixed", on: ["n"], start: false) {
            $0.attachments["n"]?.ipam = EndpointSettings.IPAM(ipv4: IPAddress("10.4.0.2"))
        }
        for name in ["a1", "b1", "c1", "d1"] { try await bed.container(name, on: ["n"]) }
        #expect(try bed.addresses("a1") == ["10.4.0.3/29"])
        #expect(try bed.addresses("d1") == ["10.4.0.6/29"])
        try await bed.container("e1", on: ["n"])
        #expect(try bed.addresses("e1") == ["10.4.0.2/29"])
        await #expect(
            throws: EngineError(
                .forbidden, "failed to set up container networking: Address already in use")
        ) { try await bed.engine.startContainer("fixed") }
    }

    @Test func aFailedStartSaysWhyAndLeavesNothing() async throws {
        let bed = try await Testbed()
        try await bed.network("n", subnet: "10.4.0.0/24")
        try await bed.container("c1", on: ["n"], start: false)
        let before = bed.kernel.state
        bed.kernel.refuse { if case .createLink = $0.action { EXFULL } else { nil } }
        await #expect(throws: EngineError.self) { try await bed.engine.startContainer("c1") }
        let container = try bed.engine.snapshot.container("c1").container
        #expect(container.state.status == .created)
        #expect(container.state.exitCode == 128)
        #expect(
            container.state.error.hasPrefix(
                "failed to set up container networking: failed to create endpoint c1 on network n: "))
        #expect(container.state.error.hasSuffix("exchange full"))
        #expect(bed.kernel.state == before)
        bed.kernel.refuse(nil)
        try await bed.engine.startContainer("c1")
        #expect(try bed.addresses("c1") == ["10.4.0.2/24"])
    }

    @Test func connectAndDisconnectMoveTheDefaultRoute() async throws {
        let bed = try await Testbed()
        try await bed.network("a", subnet: "10.1.0.0/24")
        try await bed.network("b", subnet: "10.2.0.0/24")
        try await bed.container("c1", on: ["a"])
        func gateway() -> String? {
            bed.kernel.state.routes.values.first.map { "\($0.gateway.map { "\($0)" } ?? "") \($0.device)" }
        }
        #expect(gateway() == "10.1.0.1 eth0")
        try await bed.engine.connect("c1", to: "b", settings: EndpointSettings(gatewayPriority: 1))
        #expect(gateway() == "10.2.0.1 eth1")
        await #expect(throws: EngineError(.forbidden, "endpoint with name c1 already exists in network b")) {
            try await bed.engine.connect("c1", to: "b", settings: nil)
        }
        try await bed.engine.disconnect("c1", from: "b", force: false)
        #expect(gateway() == "10.1.0.1 eth0")
        try await eventually { bed.platform.forgotten == [IPAddress("10.2.0.2")!] }
        try await bed.engine.disconnect("c1", from: "a", force: false)
        #expect(gateway() == nil)
        #expect(try bed.engine.snapshot.container("c1").container.state.isRunning)
        #expect(try await bed.engine.plan().isEmpty)
    }

    @Test func aStoppedContainerOnlyHasItWrittenDown() async throws {
        let bed = try await Testbed()
        try await bed.container("c1", on: ["bridge"], start: false)
        try await bed.engine.connect("c1", to: "not-there", settings: nil)
        await #expect(
            throws: EngineError(
                .notFound, "failed to set up container networking: network not-there not found")
        ) { try await bed.engine.startContainer("c1") }
        try await bed.engine.disconnect("c1", from: "not-there", force: false)
        try await bed.engine.startContainer("c1")
    }

    @Test func waitsAreAnsweredByTheEnd() async throws {
        let bed = try await Testbed()
        try await bed.container("c1", on: ["bridge"], start: false)
        let next = try bed.engine.wait(for: "c1", condition: .nextExit)
        let removed = try bed.engine.wait(for: "c1", condition: .removed)
        #expect(await (try bed.engine.wait(for: "c1", condition: .notRunning)).value() == 0)
        try await bed.engine.startContainer("c1")
        try await bed.engine.killContainer("c1", signal: 9)
        #expect(await next.value() == 137)
        try await bed.engine.removeContainer("c1", force: false)
        #expect(await removed.value() == 137)
    }

    @Test func aVanishedNamespaceIsAnExitWithTheRestartPolicy() async throws {
        let bed = try await Testbed()
        try await bed.network("n", subnet: "10.4.0.0/24")
        let id = try await bed.container("c1", on: ["n"]) { $0.host.restartPolicy = RestartPolicy(name: .always) }
        let wait = try bed.engine.wait(for: "c1", condition: .nextExit)
        let sandbox = try #require(bed.engine.snapshot.containers[id]?.container.sandbox)
        bed.platform.vanish(sandbox.id)
        #expect(await wait.value() == 137)
        for _ in 0..<200 where bed.engine.snapshot.containers[id]?.container.state.status != .running {
            try await Task.sleep(for: .milliseconds(10))
        }
        let container = try bed.engine.snapshot.container("c1").container
        #expect(container.state.status == .running)
        #expect(container.state.restartCount == 1)
        #expect(try await bed.engine.plan().isEmpty)
    }

    @Test func afterARebootOnlyThosePolicyWantsRunWithTheirAddresses() async throws {
        let bed = try await Testbed()
        try await bed.network("n", subnet: "10.4.0.0/24")
        let plain = try await bed.container("plain", on: ["n"])
        let always = try await bed.container("always", on: ["n"]) {
            $0.host.restartPolicy = RestartPolicy(name: .always)
        }
        let mac = bed.engine.snapshot.containers[always]?.endpoints.first?.mac
        for id in [plain, always] {
            bed.platform.setIdentity(nil, of: try #require(bed.engine.snapshot.containers[id]?.container.sandbox?.path))
        }
        bed.kernel.tamper { $0 = State() }
        try await bed.restart()
        #expect(bed.engine.snapshot.containers[plain]?.container.state.status == .exited)
        #expect(bed.engine.snapshot.containers[plain]?.container.state.exitCode == 137)
        #expect(bed.engine.snapshot.containers[always]?.container.state.status == .running)
        #expect(try bed.addresses("always") == ["10.4.0.3/24"])
        #expect(bed.engine.snapshot.containers[always]?.endpoints.first?.mac == mac)
        #expect(try await bed.engine.plan().isEmpty)
        #expect(bed.kernel.state.pins.count == 1)
    }

    @Test func aNamespaceIsAdoptedOnce() async throws {
        let bed = try await Testbed()
        bed.platform.setIdentity("boot/cookie:77", of: "/run/netns/x")
        func request(_ name: String) async throws {
            try await bed.container(name, on: ["bridge"]) {
                $0.config.labels[Container.adoptionLabel] = "/run/netns/x"
            }
        }
        try await request("first")
        #expect(bed.kernel.state.pins.isEmpty)
        await #expect(
            throws: EngineError(
                .conflict, "cannot adopt /run/netns/x: container first has adopted that namespace already")
        ) { try await request("second") }
        try await bed.engine.removeContainer("first", force: true)
        try await bed.engine.startContainer("second")
    }

    @Test func aContainersOwnNamespaceIsNotAdopted() async throws {
        let bed = try await Testbed()
        let id = try await bed.container("owner", on: ["bridge"])
        bed.platform.setIdentity("boot/cookie:\(id.short)", of: "/proc/77/ns/net")
        await #expect(
            throws: EngineError(
                .conflict, "cannot adopt /proc/77/ns/net: it is the namespace of container owner already")
        ) {
            try await bed.container("thief", on: ["bridge"]) {
                $0.config.labels[Container.adoptionLabel] = "/proc/77/ns/net"
            }
        }
    }

    @Test func renamingMovesNameAndEndpoints() async throws {
        let bed = try await Testbed()
        try await bed.network("n")
        try await bed.container("old", on: ["n"])
        try await bed.engine.renameContainer("old", to: "new")
        let entry = try bed.engine.snapshot.container("new")
        #expect(entry.endpoints.map(\.name) == ["new"])
        #expect(entry.endpoints.first?.dnsNames.first == "new")
        #expect(throws: EngineError(.notFound, "No such container: old")) {
            try bed.engine.snapshot.container("old")
        }
        #expect(try await bed.engine.plan().isEmpty)
    }
}
