import NetworkModel
import Testing
import TestKit

@testable import Persistence

@Suite struct ReservationTests {
    /// Commits each request; the text of the last one's refusal, nil when it was taken.
    private func refusal(_ requests: [Write]...) async throws -> String? {
        let directory = try TemporaryDirectory()
        let store = try directory.open()
        for (index, request) in requests.enumerated() {
            do {
                try await store.commit(request, for: "network x")
            } catch {
                #expect(error.kind == .system)
                #expect(index == requests.count - 1, "\(error)")
                return error.message
            }
        }
        return nil
    }

    private func pools(_ first: Pool, then second: Pool) async throws -> String? {
        try await refusal(
            [.putNetwork(network(1, pools: [first]))], [.putNetwork(network(2, pools: [second]))])
    }

    @Test(arguments: [
        ("10.1.0.0/16", "10.1.0.0/16"), ("10.1.0.0/16", "10.1.255.0/24"), ("10.1.255.0/24", "10.1.0.0/16"),
        ("10.1.0.0/24", "10.1.0.0/16"), ("10.1.0.0/16", "10.1.0.0/24"), ("fd00::/48", "fd00:0:0:7::/64"),
        ("fd00:0:0:7::/64", "fd00::/48"),
    ])
    func overlappingSubnetsAreRefused(first: String, second: String) async throws {
        let text = try await pools(pool(first), then: pool(second))
        #expect(text?.hasPrefix("network x: ") == true)
        #expect(text?.contains("overlaps") == true)
    }

    @Test(arguments: [
        ("10.1.0.0/16", "10.2.0.0/16"), ("10.1.0.0/16", "10.0.0.0/16"), ("10.1.0.0/31", "10.1.0.2/31"),
        ("fd00::/64", "fd00:0:0:1::/64"), ("10.1.0.0/16", "::ffff:10.1.0.0/112"),
    ])
    func disjointSubnetsAreTaken(first: String, second: String) async throws {
        #expect(try await pools(pool(first), then: pool(second)) == nil)
    }

    /// Against a list, many at random: the trigger looks at few rows, so it must look at the right ones.
    @Test func overlapsAreFoundAmongMany() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.open()
        var generator = Seeded(11)
        var taken: [Pool] = []
        for number in 1...300 {
            let length = Int.random(in: 20...28, using: &generator)
            let candidate = pool("10.0.\(generator.next() % 64).\(generator.next() % 256)/\(length)").masked
            let overlaps = taken.contains { $0.subnet.overlaps(candidate.subnet) }
            var isRefused = false
            do {
                try await store.commit([.putNetwork(network(number, pools: [candidate]))], for: "n")
                taken.append(candidate)
            } catch {
                isRefused = true
            }
            #expect(isRefused == overlaps, "\(candidate.subnet)")
            if Int.random(in: 0..<6, using: &generator) == 0, let victim = taken.popLast() {
                let networks = try store.load().networks
                let owner = try #require(networks.first { $0.pools == [victim] })
                try await store.commit([.removeNetwork(owner.id)], for: "n")
            }
        }
        #expect(taken.count > 10)
    }

    @Test func aSubnetIsSharedByDisjointRanges() async throws {
        let shared = pool("10.1.0.0/16", range: "10.1.1.0/24", gateway: "10.1.0.1")
        #expect(try await pools(shared, then: pool("10.1.0.0/16", range: "10.1.2.0/24")) == nil)
        for other in [
            pool("10.1.0.0/16", range: "10.1.1.0/24"), pool("10.1.0.0/16", range: "10.1.0.0/20"),
            pool("10.1.0.0/16", range: "10.1.1.128/25"), pool("10.1.0.0/16"),
        ] {
            let text = try await pools(shared, then: other)
            #expect(text == "network x: address range overlaps another one of the same subnet")
        }
        // The ranges are apart, but the addresses of one subnet are one table.
        let text = try await pools(shared, then: pool("10.1.0.0/16", range: "10.1.2.0/24", gateway: "10.1.0.1"))
        #expect(text == "network x: address is taken")
    }

    @Test(arguments: ["10.1.0.1/16", "10.1.0.9/16", "10.1.0.50/16"])
    func addressesAreTakenOnce(address: String) async throws {
        var taken = pool("10.1.0.0/16", gateway: "10.1.0.1")
        taken.auxiliaryAddresses = ["printer": ip("10.1.0.9")]
        let text = try await refusal(
            [.putNetwork(network(1, pools: [taken])), .putContainer(container(2)), .putContainer(container(3))],
            [.putEndpoint(endpoint(4, network: 1, container: 2, addresses: ["10.1.0.50/16"]))],
            [.putEndpoint(endpoint(5, network: 1, container: 3, addresses: [address]))])
        #expect(text == "network x: address is taken")
    }

    @Test func addressesLieInTheirNetwork() async throws {
        let text = try await refusal(
            [.putNetwork(network(1, pools: [pool("10.1.0.0/16")])), .putContainer(container(2))],
            [.putEndpoint(endpoint(4, network: 1, container: 2, addresses: ["10.2.0.1/16"]))])
        #expect(text == "network x: address lies in no subnet of its network")
    }

    @Test func namesAreUnique() async throws {
        #expect(
            try await refusal([.putNetwork(network(1, name: "a"))], [.putNetwork(network(2, name: "a"))])
                == "network x: UNIQUE constraint failed: network.name")
        #expect(
            try await refusal([.putContainer(container(1, name: "a"))], [.putContainer(container(2, name: "a"))])
                == "network x: UNIQUE constraint failed: container.name")
        // Different only after a NUL.
        #expect(
            try await refusal([.putNetwork(network(1, name: "a\u{0}b"))], [.putNetwork(network(2, name: "a\u{0}c"))])
                == nil)
    }

    @Test func whatHasEndpointsStays() async throws {
        let made: [Write] = [
            .putNetwork(network(1)), .putContainer(container(2)),
            .putEndpoint(endpoint(3, network: 1, container: 2)),
        ]
        let text = "network x: FOREIGN KEY constraint failed"
        #expect(try await refusal(made, [.removeNetwork(id(1))]) == text)
        #expect(try await refusal(made, [.removeContainer(id(2))]) == text)
        #expect(try await refusal([.putEndpoint(endpoint(3, network: 1, container: 2))]) == text)
    }
}

extension Pool {
    fileprivate var masked: Pool { Pool(subnet: subnet.masked, isStatic: isStatic) }
}
