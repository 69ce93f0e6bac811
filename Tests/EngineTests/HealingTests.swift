import Addressing
import Dataplane
import Glibc
import Kernel
import Logging
import Reconciler
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct HealingTests {
    private let kernel = ModelKernel()
    private let reconciler: Reconciler

    init() {
        reconciler = Reconciler(backend: kernel, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private static let pin = "/run/netns/x"
    private let inside = Namespace.path(HealingTests.pin)

    private var host: State {
        var state = State()
        state.hasTable = true
        return state
    }

    private func network(_ name: String) -> State {
        var state = State()
        let id = LinkID("br-\(name)")
        state.insert(LinkSpec(id: id, kind: .bridge, alias: "fairlead:\(name)"))
        state.addresses.insert(AddressSpec(link: id, prefix: IPPrefix("10.0.0.1/24")!))
        state.insert(SetElement("bridges", [.interface(id.name)], comment: name))
        return state
    }

    private var container: State {
        var state = State()
        state.pins.insert(NamespacePin(path: Self.pin))
        state.insert(LinkSpec(id: LinkID("lo", in: inside), kind: .loopback))
        state.insert(
            RouteSpec(
                id: .init(namespace: inside, destination: IPPrefix("0.0.0.0/0")!), gateway: IPAddress("10.0.0.1")!,
                device: "eth0"))
        return state
    }

    private var endpoint: State {
        var state = State()
        let outer = LinkID("v-x")
        let inner = LinkID("eth0", in: inside)
        state.insert(LinkSpec(id: outer, kind: .veth(peer: inner), alias: "fairlead:a:x", master: "br-a"))
        state.insert(LinkSpec(id: inner, kind: .vethPeer(of: outer), alias: "fairlead:a:x"))
        state.addresses.insert(AddressSpec(link: inner, prefix: IPPrefix("10.0.0.2/24")!))
        return state
    }

    private func start() async throws -> State {
        try await reconciler.start([
            .host: host, .network("a"): network("a"), .network("b"): network("b"), .container("x"): container,
            .endpoint("x"): endpoint,
        ])
        return kernel.state
    }

    private func lose(_ link: LinkSpec) {
        kernel.tamper { $0 = $0.applying(Plan(steps: [Step(.deleteLink(link), reason: "foreign")])) }
    }

    @Test func aLinkThatIsAsItShallBeNeedsNoLook() async throws {
        _ = try await start()
        let right = LinkSpec(
            id: LinkID("v-x"), kind: .foreign, alias: "fairlead:a:x", mtu: 1500, master: "br-a", port: .init())
        #expect(await reconciler.content(with: ["v-x": right]) == ["v-x"])
        let changes: [(inout LinkSpec) -> Void] = [
            { $0.up = false }, { $0.master = nil }, { $0.alias = "fairlead:b:x" }, { $0.withoutLinkLocal = true },
        ]
        for change in changes {
            var wrong = right
            change(&wrong)
            #expect(await reconciler.content(with: ["v-x": wrong]).isEmpty, "\(wrong)")
        }
        // Nobody wants it.
        #expect(await reconciler.content(with: ["br-z": right]).isEmpty)
    }

    @Test func aBridgeComesBackWithItsPorts() async throws {
        let whole = try await start()
        lose(LinkSpec(id: LinkID("br-a"), kind: .bridge))
        #expect(kernel.state.links[LinkID("v-x")]?.master == nil)
        let outcome = try await reconciler.heal(HealingTarget(links: ["br-a"]))
        #expect(kernel.state == whole)
        #expect(!outcome.plan.isEmpty)
        // The start's.
        #expect(kernel.restorations.count == 1)
    }

    @Test func aVethComesBackWithAllThatWentAlong() async throws {
        let whole = try await start()
        lose(LinkSpec(id: LinkID("v-x"), kind: .veth(peer: LinkID("eth0", in: inside))))
        #expect(kernel.state.routes.isEmpty)
        try await #expect(!reconciler.heal(HealingTarget(namespaces: [inside])).plan.isEmpty)
        #expect(kernel.state == whole)
    }

    @Test func aFlushIsOnePlanAndForeignElementsGo() async throws {
        let whole = try await start()
        kernel.tamper {
            $0.hasTable = false
            $0.elements = [:]
            $0.insert(SetElement("bridges", [.interface("foreign")], comment: ""))
        }
        let before = kernel.plans.count
        let outcome = try await reconciler.heal(HealingTarget(table: true))
        #expect(kernel.restorations.map(\.count).last == outcome.plan.steps.count)
        #expect(kernel.restorations.count == 2)
        #expect(kernel.state == whole)
        #expect(kernel.plans.count == before + 1)
    }

    @Test func aHintWithoutLossIsOneScopedLook() async throws {
        _ = try await start()
        let (plans, looks) = (kernel.plans.count, kernel.requests.count)
        try await #expect(reconciler.heal(HealingTarget(links: ["br-a"])).plan.isEmpty)
        try await #expect(reconciler.heal(HealingTarget(links: ["somebody0"])).plan.isEmpty)
        #expect(kernel.plans.count == plans)
        #expect(kernel.requests.count == looks + 2)
        let scope = try #require(kernel.requests[looks].scope)
        #expect(scope.elements.isEmpty && !scope.hasTable)
        #expect(scope.links[LinkID("br-b")] == nil)
    }

    @Test func aRenamedLinkIsRemovedAndMadeAnew() async throws {
        let whole = try await start()
        kernel.tamper { state in
            guard var link = state.links.removeValue(forKey: LinkID("br-b")) else { return }
            link.id = LinkID("elsewhere")
            state.insert(link)
            state.addresses = state.addresses.filter { $0.link.name != "br-b" }
        }
        _ = try await reconciler.heal(HealingTarget(links: ["br-b", "elsewhere"]))
        #expect(kernel.state == whole)
    }

    @Test func aVanishedNamespaceIsNoLoss() async throws {
        _ = try await start()
        kernel.tamper {
            $0 = $0.applying(Plan(steps: [Step(.removeNamespace(NamespacePin(path: Self.pin)), reason: "foreign")]))
        }
        let state = kernel.state
        try await #expect(reconciler.heal(HealingTarget(links: ["v-x"], namespaces: [inside])).plan.isEmpty)
        #expect(kernel.state == state)
    }

    @Test func nothingIsMadeInAnotherNamespaceAtThatPath() async throws {
        _ = try await start()
        lose(LinkSpec(id: LinkID("v-x"), kind: .veth(peer: LinkID("eth0", in: inside))))
        let outcome = try await reconciler.heal(HealingTarget(links: ["v-x"])) { _ in false }
        #expect(outcome.plan.isEmpty)
        #expect(kernel.state.links[LinkID("v-x")] == nil)
    }

    @Test func whatAnApplyDoesMeanwhileIsNoLoss() async throws {
        let whole = try await start()
        // The network goes between the look and the comparison.
        let before = kernel.requests.count
        kernel.whileObserving { [reconciler] number in
            if number == before + 1 { try? await reconciler.apply([.network("b"): nil]) }
        }
        try await #expect(reconciler.heal(HealingTarget(everything: true)).plan.isEmpty)
        #expect(kernel.state.links[LinkID("br-b")] == nil)
        kernel.whileObserving(nil)
        try await reconciler.apply([.network("b"): network("b")])
        #expect(kernel.state == whole)
    }

    @Test func healingWaitsForAppliesAndAppliesForHealing() async throws {
        let whole = try await start()
        lose(LinkSpec(id: LinkID("br-b"), kind: .bridge))
        let removed = network("b")
        kernel.whileExecuting { [reconciler] plan in
            guard plan.description.contains("create bridge br-b") else { return }
            // Asked for in the midst of healing: comes after it.
            Task { try await reconciler.apply([.network("b"): nil]) }
            for _ in 0..<20 { await Task.yield() }
        }
        _ = try await reconciler.heal(HealingTarget(links: ["br-b"]))
        try await reconciler.apply([.network("c"): nil])
        for _ in 0..<1000 where kernel.state.links[LinkID("br-b")] != nil {
            try await Task.sleep(for: .milliseconds(1))
        }
        var expected = whole
        expected.subtract(removed)
        #expect(kernel.state == expected)
    }

    @Test func oneRefusalKeepsNoOtherFromHealing() async throws {
        let whole = try await start()
        lose(LinkSpec(id: LinkID("br-a"), kind: .bridge))
        lose(LinkSpec(id: LinkID("br-b"), kind: .bridge))
        kernel.refuse { step in
            if case .createLink(let link, _) = step.action, link.id.name == "br-b" { EBUSY } else { nil }
        }
        let clock = Clock()
        let outcome = try await reconciler.heal(HealingTarget(links: ["br-a", "br-b"]), now: { clock.now })
        #expect(outcome.refusals.count == 1)
        #expect(outcome.postponed.keys.contains(.owner(.network("b"))))
        #expect(kernel.state.links[LinkID("br-a")] != nil)
        kernel.refuse(nil)
        clock.advance(.seconds(2))
        _ = try await reconciler.heal(HealingTarget(owners: [.network("b")]), now: { clock.now })
        #expect(kernel.state == whole)
    }

    @Test func fiveLossesInTenSecondsAreAFight() async throws {
        let whole = try await start()
        let clock = Clock()
        func undo() async throws -> HealingOutcome {
            kernel.tamper { $0.addresses = $0.addresses.filter { $0.link.name != "br-b" } }
            return try await reconciler.heal(HealingTarget(links: ["br-b"]), now: { clock.now })
        }
        for loss in 1...5 {
            let outcome = try await undo()
            #expect(!outcome.plan.isEmpty)
            #expect(outcome.fights.map(\.subject) == (loss == 5 ? [.owner(.network("b"))] : []))
            clock.advance(.seconds(1.5))
            if loss == 5 { clock.advance(.seconds(-1.5)) }
        }
        // Now it waits: a second, two, four … a minute.
        var expected = Duration.seconds(1)
        for _ in 0..<8 {
            let refused = try await undo()
            #expect(refused.plan.isEmpty)
            let until = try #require(refused.postponed[.owner(.network("b"))])
            #expect(until == clock.now + expected)
            clock.advance(expected)
            let healed = try await undo()
            #expect(!healed.plan.isEmpty)
            expected = min(expected * 2, .seconds(60))
            #expect(healed.fights.map(\.delay) == [expected])
        }
        // After a long peace it is as it was before.
        clock.advance(.seconds(200))
        try await #expect(undo().fights.isEmpty)
        #expect(kernel.state == whole)
    }

    @Test func slowLossesAreNoFight() async throws {
        _ = try await start()
        let clock = Clock()
        for _ in 0..<20 {
            kernel.tamper { $0.addresses = $0.addresses.filter { $0.link.name != "br-b" } }
            let outcome = try await reconciler.heal(HealingTarget(links: ["br-b"]), now: { clock.now })
            #expect(outcome.fights.isEmpty && !outcome.plan.isEmpty)
            clock.advance(.seconds(3))
        }
    }
}

/// A clock that is set by hand.
private final class Clock: Sendable {
    private let time = Mutex(ContinuousClock.now)
    var now: ContinuousClock.Instant { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 += duration } }
}
