import Addressing
import Dataplane
import Drivers
import NetworkModel
import Testing

@Suite struct GatewayElectionTests {
    private func candidate(
        _ order: Int, _ gateways: [String], priority: Int = 0, isInternal: Bool = false
    ) -> GatewayElection.Candidate {
        let endpoint = Endpoint(
            id: .random(), network: .random(), container: .random(), name: "c",
            gateways: gateways.map { IPAddress($0)! }, interface: "eth\(order)", gatewayPriority: priority, order: order
        )
        return GatewayElection.Candidate(endpoint: endpoint, isInternal: isInternal)
    }

    private func devices(_ candidates: [GatewayElection.Candidate]) -> [String] {
        GatewayElection.routes(candidates, in: .path("/n")).map { "\($0.id.destination) \($0.device)" }
    }

    @Test func theFirstGivenWinsATie() {
        #expect(devices([candidate(1, ["10.0.1.1"]), candidate(0, ["10.0.0.1"])]) == ["0.0.0.0/0 eth0"])
    }

    @Test func priorityBeatsOrder() {
        #expect(devices([candidate(0, ["10.0.0.1"]), candidate(1, ["10.0.1.1"], priority: 1)]) == ["0.0.0.0/0 eth1"])
        #expect(devices([candidate(0, ["10.0.0.1"], priority: -1), candidate(1, ["10.0.1.1"])]) == ["0.0.0.0/0 eth1"])
    }

    @Test func everyPriorityHasAPlace() {
        #expect(
            devices([candidate(0, ["10.0.0.1"], priority: .min), candidate(1, ["10.0.1.1"], priority: .max)])
                == ["0.0.0.0/0 eth1"])
    }

    @Test func bothFamiliesBeatOne() {
        #expect(
            devices([candidate(0, ["10.0.0.1"]), candidate(1, ["10.0.1.1", "fd00::1"])])
                == ["0.0.0.0/0 eth1", "::/0 eth1"])
    }

    @Test func familiesMayDiffer() {
        #expect(
            devices([candidate(0, ["10.0.0.1"], priority: 5), candidate(1, ["fd00::1"])])
                == ["0.0.0.0/0 eth0", "::/0 eth1"])
    }

    @Test func internalNetworksGiveNoGateway() {
        #expect(devices([candidate(0, [], isInternal: true)]).isEmpty)
    }
}
