import DockerAPI
import Engine
import Logging
import NetworkModel
import Testing
import TestKit

/// One API that is asked again and again, as a client does: what it has kept must be what a new one would answer.
@Suite struct RepeatedReadTests {
    private let engine = FakeEngine()
    private let api: DockerAPI

    init() {
        api = DockerAPI(engine: engine, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// What the API says, and what one without a past does.
    private func expectSame(_ target: String, _ comment: Comment) async {
        let (kept, fresh) = (await api.send("GET", target), await engine.send("GET", target))
        #expect(kept.status == fresh.status && kept.text == fresh.text, comment)
    }

    private func remove(_ network: Network) {
        engine.state.withLock {
            $0.snapshot.generation += 1
            $0.snapshot.remove(network)
        }
    }

    /// Up to 400 changes between two lists: more than a snapshot remembers.
    @Test func theListFollowsEveryChange() async throws {
        var random = Seeded(7)
        var networks: [Network] = []
        for round in 0..<40 {
            for _ in 0..<(round % 10 == 9 ? 400 : Int.random(in: 0...5, using: &random)) {
                let index = networks.indices.randomElement(using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0:
                    if let index { remove(networks.remove(at: index)) }
                case 1:
                    guard let index else { continue }
                    networks[index].labels["round"] = "\(round)"
                    engine.add(networks[index])
                default:
                    var network = sampleNetwork("n\(engine.snapshot.networkChanges)", "1")
                    network = Network(
                        id: .random(), name: network.name, created: moment(.random(in: 0...99, using: &random)),
                        driver: "bridge")
                    networks.append(engine.add(network))
                }
            }
            await expectSame("/networks", "round \(round)")
            await expectSame("/v1.27/networks", "round \(round)")
        }
        #expect(!networks.isEmpty)
    }

    @Test func containersLeaveTheListAlone() async {
        let network = engine.add(sampleNetwork("front", "1"))
        let changes = engine.snapshot.networkChanges
        let web = engine.add(sampleContainer("web", "a", on: ["front"], status: .running))
        engine.add(network, endpoints: [sampleEndpoint(of: web, on: network, address: "172.28.0.2/16")])
        #expect(engine.snapshot.networkChanges == changes)
        #expect(engine.snapshot.networksChanged(since: changes) == [])
        #expect(engine.snapshot.networksChanged(since: changes - 1) == [network.id])
        #expect(engine.snapshot.networksChanged(since: changes + 1) == nil)
    }

    @Test func inspectFollowsEveryChange() async {
        var network = engine.add(sampleNetwork("front", "1"))
        let web = engine.add(sampleContainer("web", "a", on: ["front"], status: .running))
        for target in ["/networks/front", "/v1.44/networks/front", "/containers/web/json"] {
            await expectSame(target, "at first")
            await expectSame(target, "again")
        }
        engine.add(network, endpoints: [sampleEndpoint(of: web, on: network, address: "172.28.0.2/16")])
        #expect(await api.send("GET", "/networks/front").text.contains("172.28.0.2"))
        #expect(await api.send("GET", "/containers/web/json").text.contains("172.28.0.2"))
        network.labels["a"] = "b"
        engine.add(network)
        #expect(await api.send("GET", "/networks/front").json?["Labels"] == ["a": "b"])
        remove(network)
        #expect(await api.send("GET", "/networks/front").status == 404)
        #expect(await api.send("GET", "/networks").text == "[]\n")
    }
}
