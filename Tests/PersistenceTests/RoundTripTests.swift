import NetworkModel
import Testing

@testable import Persistence

@Suite struct RoundTripTests {
    /// Writes the state and reads it in another process's stead: with a store opened anew.
    private func roundTrip(_ writes: [Write]...) async throws -> StoredState {
        let directory = try TemporaryDirectory()
        let store = try directory.open()
        for group in writes { try await store.commit(group, for: "test") }
        store.close()
        return try directory.open().load()
    }

    @Test func everyMemberComesBack() async throws {
        let state = try await roundTrip([
            .putNetwork(Full.network), .putContainer(Full.container), .putEndpoint(Full.endpoint),
            .setSetting("group\u{0}", "7\u{0}"),
        ])
        #expect(
            state
                == StoredState(
                    networks: [Full.network], endpoints: [Full.endpoint], containers: [Full.container],
                    settings: ["group\u{0}": "7\u{0}"]))
        // Equality of ordered dictionaries includes the order, but let the test say so.
        #expect(state.containers.first?.attachments.keys.elements == ["zoo", "alpha", "middle", "beta"])
    }

    /// A member that the model gained would be lost in silence: this list is to be extended with the records.
    @Test func noMemberIsForgotten() {
        let members: [(Any, Int)] = [
            (Full.network, 18), (Full.network.pools[0], 5), (Full.network.ipamConfig[0], 4), (Full.container, 8),
            (Full.container.config, 17), (Full.container.host, 3), (Full.container.host.restartPolicy, 2),
            (Full.container.state, 7), (Full.endpoint, 14), (EndpointSettings(), 7), (EndpointSettings.IPAM(), 3),
            (Sandbox(id: id(1), path: "", identity: ""), 5), (StoredState(), 4),
        ]
        for (value, count) in members {
            #expect(Mirror(reflecting: value).children.count == count, "\(type(of: value))")
        }
    }

    @Test func defaultsAndNullsComeBack() async throws {
        var empty = network(2)
        empty.ipamOptions = [:]
        let state = try await roundTrip([
            .putNetwork(network(1)), .putNetwork(empty), .putContainer(container(3)),
            .putEndpoint(Endpoint(id: id(4), network: id(1), container: id(3), name: "")),
        ])
        #expect(state.networks == [network(1), empty])
        #expect(state.networks.map(\.ipamOptions) == [nil, [:]])
        #expect(state.containers == [container(3)])
        #expect(state.containers.first?.state.started == Timestamp.zero)
        #expect(state.endpoints == [Endpoint(id: id(4), network: id(1), container: id(3), name: "")])
    }

    @Test func aPutReplaces() async throws {
        var changed = Full.network
        changed.name = "renamed"
        changed.pools = [pool("10.1.0.0/16", gateway: "10.1.0.7"), pool("fd00:1::/64")]
        var moved = Full.endpoint
        moved.addresses = [prefix("10.1.0.6/16")]
        var stopped = Full.container
        stopped.sandbox = nil
        stopped.attachments.removeValue(forKey: "alpha")
        let state = try await roundTrip(
            [.putNetwork(Full.network), .putContainer(Full.container), .putEndpoint(Full.endpoint)],
            [.putNetwork(changed), .putContainer(stopped), .putEndpoint(moved), .setSetting("a", "b")],
            [.setSetting("a", nil)])
        #expect(state == StoredState(networks: [changed], endpoints: [moved], containers: [stopped]))
    }

    @Test func removedIsGoneWithItsAddresses() async throws {
        let state = try await roundTrip(
            [.putNetwork(Full.network), .putContainer(Full.container), .putEndpoint(Full.endpoint)],
            [.removeEndpoint(id(4)), .removeContainer(id(2)), .removeNetwork(id(1))],
            // Everything it had reserved is free.
            [.putNetwork(network(9, name: Full.network.name, pools: [pool("10.1.0.0/16", gateway: "10.1.0.3")]))])
        #expect(state.networks.count == 1)
        #expect(state.endpoints.isEmpty)
        #expect(state.containers.isEmpty)
    }

    @Test func ordered() async throws {
        let state = try await roundTrip([
            .putNetwork(network(3)), .putNetwork(network(1)), .putContainer(container(8)), .putContainer(container(7)),
            .putEndpoint(endpoint(30, network: 1, container: 7)), .putEndpoint(endpoint(20, network: 3, container: 8)),
        ])
        #expect(state.networks.map(\.id) == [id(1), id(3)])
        #expect(state.containers.map(\.id) == [id(7), id(8)])
        #expect(state.endpoints.map(\.id) == [id(30), id(20)])
    }
}
