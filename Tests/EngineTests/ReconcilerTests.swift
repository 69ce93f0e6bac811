import Addressing
import Dataplane
import Glibc
import Kernel
import Logging
import Reconciler
import Testing

@Suite(.timeLimit(.minutes(1))) struct ReconcilerTests {
    private let kernel = ModelKernel()
    private let reconciler: Reconciler

    init() {
        reconciler = Reconciler(backend: kernel, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private var host: State {
        var state = State()
        state.hasTable = true
        return state
    }

    private func network(_ name: String, address: String? = "10.0.0.1/24") -> State {
        var state = State()
        let id = LinkID("br-\(name)")
        state.insert(LinkSpec(id: id, kind: .bridge, alias: "fairlead:\(name)"))
        if let address { state.addresses.insert(AddressSpec(link: id, prefix: IPPrefix(address)!)) }
        state.insert(SetElement("bridges", [.interface(id.name)], comment: name))
        return state
    }

    private func container(_ name: String) -> State {
        var state = State()
        let namespace = Namespace.path("/run/netns/\(name)")
        state.pins.insert(NamespacePin(path: "/run/netns/\(name)"))
        state.insert(LinkSpec(id: LinkID("lo", in: namespace), kind: .loopback))
        return state
    }

    private func endpoint(_ name: String, on network: String) -> State {
        var state = State()
        let outer = LinkID("v-\(name)")
        let inner = LinkID("eth0", in: .path("/run/netns/\(name)"))
        let alias = "fairlead:\(network):\(name)"
        state.insert(LinkSpec(id: outer, kind: .veth(peer: inner), alias: alias, master: "br-\(network)"))
        state.insert(LinkSpec(id: inner, kind: .vethPeer(of: outer), alias: alias))
        return state
    }

    private func refuseAddress(on link: LinkID, _ errno: Int32 = EPERM) {
        kernel.refuse { step in
            if case .addAddress(let address) = step.action, address.link == link { errno } else { nil }
        }
    }

    // MARK: A fresh look beside applies

    @Test func whatIsAppliedDuringALookIsNotForgotten() async throws {
        try await reconciler.start([.host: host])
        let a = network("a")
        let before = kernel.requests.count
        kernel.whileObserving { [reconciler] number in
            if number == before + 1 { try? await reconciler.apply([.network("a"): a]) }
        }
        #expect(try await reconciler.plan().description == "")
        // It looked again, and the cache knows the network: else nothing would be removed here.
        #expect(kernel.requests.count == before + 2)
        try await reconciler.apply([.network("a"): nil])
        #expect(kernel.state == host)
    }

    @Test func underSteadyTrafficAppliesWaitForOneLook() async throws {
        try await reconciler.start([.host: host])
        let before = kernel.requests.count
        let networks = (0..<3).map { network("n\($0)", address: nil) }
        let late = Late()
        kernel.whileObserving { [reconciler] number in
            let index = number - before - 1
            if index < 2 {
                try? await reconciler.apply([.network("n\(index)"): networks[index]])
            } else {
                late.begin { try await reconciler.apply([.network("n2"): networks[2]]) }
            }
        }
        #expect(try await reconciler.plan().description == "")
        #expect(kernel.requests.count == before + 3)
        try await late.value()
        for number in 0..<3 { try await reconciler.apply([.network("n\(number)"): nil]) }
        #expect(kernel.state == host)
    }

    @Test func aLookWaitsForAnApplyThatIsUnderWay() async throws {
        try await reconciler.start([.host: host])
        let (signal, release) = AsyncStream<Void>.makeStream()
        let (begun, begins) = AsyncStream<Void>.makeStream()
        kernel.whileExecuting { plan in
            guard plan.description.contains("br-slow") else { return }
            begins.finish()
            for await _ in signal {}
        }
        let slow = network("slow")
        let apply = Task { [reconciler] in try await reconciler.apply([.network("slow"): slow]) }
        for await _ in begun {}
        let looks = kernel.requests.count
        let plan = Task { [reconciler] in try await reconciler.plan() }
        for _ in 0..<20 { await Task.yield() }
        #expect(kernel.requests.count == looks)
        release.finish()
        try await apply.value
        #expect(try await plan.value.description == "")
        #expect(kernel.requests.count == looks + 1)
        try await reconciler.apply([.network("slow"): nil])
        #expect(kernel.state == host)
    }

    // MARK: Addresses that are no longer desired

    @Test func anAddressOfTheRunBeforeIsRemovedAtStart() async throws {
        var old = host
        old.merge(network("a", address: "10.1.0.1/24"))
        kernel.tamper { $0 = old }
        let plan = try await reconciler.start([.host: host, .network("a"): network("a", address: "10.2.0.1/24")])
        #expect(
            plan.steps.map(\.description) == [
                "remove address 10.1.0.1/24 from br-a: no longer wanted", "add address 10.2.0.1/24 to br-a: missing",
            ])
        let request = try #require(kernel.requests.first)
        #expect(request.addresses.map { "\($0.prefix)" } == ["10.2.0.1/24"])
    }

    // MARK: Starting unit by unit

    @Test func aRefusedNetworkDoesNotKeepTheOthersFromStarting() async throws {
        // Of the run before: the network that will be refused, half of it, and a leftover.
        kernel.tamper {
            $0 = network("b", address: nil)
            $0.merge(network("gone"))
        }
        refuseAddress(on: LinkID("br-b"))
        let parts: [Owner: State] = [
            .host: host, .network("a"): network("a"), .network("b"): network("b"), .container("x"): container("x"),
            .endpoint("x"): endpoint("x", on: "a"),
        ]
        let outcome = try await reconciler.start(
            parts, units: [[.host], [.network("b")], [.network("a")], [.container("x"), .endpoint("x")]])
        #expect(outcome.refused.map(\.owners) == [[.network("b")]])
        #expect(outcome.refused.first?.error.errno == EPERM)
        var expected = host
        for owner in [Owner.network("a"), .container("x"), .endpoint("x")] { expected.merge(parts[owner]!) }
        #expect(kernel.state == expected)
        #expect(await reconciler.desired == expected)
        #expect(State().applying(outcome.plan).links.keys.contains(LinkID("v-x")))
        #expect(try await reconciler.plan().description == "")

        kernel.refuse(nil)
        try await reconciler.apply([.network("b"): network("b")])
        expected.merge(network("b"))
        #expect(kernel.state == expected)
    }

    @Test func aStartWithoutRefusalIsOnePlanRulesFirst() async throws {
        let parts: [Owner: State] = [.host: host, .network("a"): network("a")]
        let outcome = try await reconciler.start(parts, units: [[.host], [.network("a")]])
        #expect(outcome.refused.isEmpty)
        #expect(kernel.plans.flatMap(\.steps) == outcome.plan.steps)
        #expect(kernel.restorations == [kernel.plans[0].steps])
        #expect(kernel.plans.count == 2)
        #expect(kernel.requests.count == 1)
    }

    @Test func ownersInNoUnitAreStartedToo() async throws {
        refuseAddress(on: LinkID("br-b"))
        let parts: [Owner: State] = [.host: host, .network("a"): network("a"), .network("b"): network("b")]
        let outcome = try await reconciler.start(parts, units: [])
        #expect(outcome.refused.map(\.owners) == [[.network("b")]])
        var expected = host
        expected.merge(network("a"))
        #expect(kernel.state == expected)
    }

    @Test func withoutTheTableThereIsNoStart() async throws {
        kernel.refuse { step in if case .repairTable = step.action { EPERM } else { nil } }
        let parts: [Owner: State] = [.host: host, .network("a"): network("a")]
        await #expect(throws: KernelError.self) {
            try await reconciler.start(parts, units: [[.host], [.network("a")]])
        }
        #expect(kernel.state.isEmpty)
    }

    @Test func aLeftoverThatStaysKeepsItsGuard() async throws {
        kernel.tamper {
            $0 = network("stuck", address: nil)
            $0.merge(network("gone", address: nil))
        }
        kernel.refuse { step in
            switch step.action {
            case .deleteLink(let link) where link.id.name == "br-stuck": EBUSY
            case .doomLink(let link) where link.id.name == "br-stuck": EBUSY
            default: nil
            }
        }
        let outcome = try await reconciler.start([.host: host], units: [[.host]])
        #expect(outcome.refused.map(\.owners) == [[]])
        #expect(kernel.state.links.keys.map(\.name) == ["br-stuck"])
        #expect(kernel.state.elements.values.contains { $0.comment == "stuck" })
    }

    // MARK: Refusals that may come from a stale cache

    @Test func aStaleCacheIsPutRightByALookAtThatScopeOnly() async throws {
        try await reconciler.start([.host: host, .network("a"): network("a")])
        let looks = kernel.requests.count
        let there = container("x")
        kernel.tamper { $0.merge(there) }
        kernel.refuse { step in if case .createNamespace = step.action { EEXIST } else { nil } }
        try await reconciler.apply([.container("x"): container("x")])
        let request = try #require(kernel.requests.last)
        #expect(kernel.requests.count == looks + 1)
        // No rule was refused, so none is read.
        #expect(request.scope == container("x"))
        #expect(request.scope?.elements.isEmpty == true)
        try await reconciler.apply([.container("x"): nil])
        #expect(kernel.state.pins.isEmpty)
    }

    @Test func whatASecondLookConfirmsIsNotTriedAgain() async throws {
        try await reconciler.start([.host: host])
        let plans = kernel.plans.count
        kernel.refuse { step in if case .createLink = step.action { EEXIST } else { nil } }
        // Of a foreign link of that name comes a setting that the cache didn't know.
        var wanted = network("a")
        let setting = SysctlID("net/ipv6/conf/br-a/disable_ipv6")
        wanted.sysctls[setting] = "1"
        kernel.tamper { $0.sysctls[setting] = "0" }
        await #expect(throws: KernelError.self) { try await reconciler.apply([.network("a"): wanted]) }
        #expect(kernel.plans.count == plans + 1)
    }
}

/// Something begun in the midst of something else, and awaited later.
private final class Late: Sendable {
    private let stream = AsyncStream<Task<Void, any Error>>.makeStream()

    func begin(_ body: @escaping @Sendable () async throws -> Void) {
        stream.continuation.yield(Task { try await body() })
        stream.continuation.finish()
    }

    func value() async throws {
        for await task in stream.stream { try await task.value }
    }
}
