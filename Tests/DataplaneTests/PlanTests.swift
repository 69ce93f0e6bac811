import Addressing
import Testing
import TestKit

@testable import Dataplane

@Suite struct PlanTests {
    @Test(arguments: [LinkRemoval.awaited, .deferred])
    func planningAfterApplyingFindsNothing(removal: LinkRemoval) {
        for seed in 1...400 as ClosedRange<UInt64> {
            var generator = Seeded(seed)
            let observed = State.random(using: &generator)
            let desired = State.random(using: &generator)
            let plan = Plan(from: observed, to: desired, removal: removal)
            let again = Plan(from: observed.applying(plan), to: desired, removal: removal)
            #expect(again.isEmpty, "seed \(seed): \(again)")
        }
    }

    @Test func equalStatesNeedNoStep() {
        for seed in 1...100 as ClosedRange<UInt64> {
            var generator = Seeded(seed)
            let state = State.random(using: &generator)
            #expect(Plan(from: state, to: state).isEmpty)
        }
    }

    @Test func guardsComeBeforeTheLinkIsUpAndGoAfterItIsDown() throws {
        var state = State()
        let id = LinkID("br0")
        state.insert(LinkSpec(id: id, kind: .bridge, alias: "fairlead:a"))
        state.insert(SetElement("protected", [.interface("br0")], comment: "a"))

        let creation = Plan(from: State(), to: state).steps.map(\.action)
        let guarded = try #require(creation.firstIndex { if case .addElement = $0 { true } else { false } })
        let up = try #require(creation.firstIndex(of: .setUp(id)))
        #expect(guarded < up)

        let removal = Plan(from: state, to: State(), removal: .deferred).steps.map(\.action)
        let doomed = try #require(removal.firstIndex { if case .doomLink = $0 { true } else { false } })
        let unguarded = try #require(removal.firstIndex { if case .removeElement = $0 { true } else { false } })
        #expect(doomed < unguarded)
    }

    @Test func aLostPeerMakesThePairAnew() {
        var desired = State()
        let outer = LinkID("veth0")
        let inner = LinkID("eth0", in: .path("/n"))
        desired.insert(LinkSpec(id: outer, kind: .veth(peer: inner), alias: "fairlead:a:b", master: "br0"))
        desired.insert(LinkSpec(id: inner, kind: .vethPeer(of: outer), alias: "fairlead:a:b"))
        desired.addresses.insert(AddressSpec(link: inner, prefix: IPPrefix("10.0.0.2/24")!))
        var observed = desired
        observed.links[inner] = nil
        observed.addresses = []
        let actions = Plan(from: observed, to: desired, removal: .awaited).steps.map(\.action)
        #expect(actions.contains { if case .deleteLink(let link) = $0 { link.id == outer } else { false } })
        #expect(
            actions.contains {
                if case .createLink(let link, let peer) = $0 { link.id == outer && peer?.id == inner } else { false }
            })
        #expect(actions.contains(.addAddress(AddressSpec(link: inner, prefix: IPPrefix("10.0.0.2/24")!))))
    }

    @Test func aLostBridgeTakesItsPortsBack() {
        var desired = State()
        let outer = LinkID("veth0")
        let inner = LinkID("eth0", in: .path("/n"))
        desired.insert(LinkSpec(id: LinkID("br0"), kind: .bridge, alias: "fairlead:a"))
        desired.addresses.insert(AddressSpec(link: LinkID("br0"), prefix: IPPrefix("10.0.0.1/24")!))
        desired.insert(LinkSpec(id: outer, kind: .veth(peer: inner), alias: "fairlead:a:b", master: "br0"))
        desired.insert(LinkSpec(id: inner, kind: .vethPeer(of: outer), alias: "fairlead:a:b"))
        var observed = desired
        observed.links[LinkID("br0")] = nil
        observed.links[outer]?.master = nil
        observed.addresses = []
        let plan = Plan(from: observed, to: desired)
        #expect(
            plan.steps.map(\.description) == [
                "create bridge br0 (fairlead:a): missing",
                "change veth veth0 (fairlead:a:b): master is not set, wanted br0",
                "add address 10.0.0.1/24 to br0: missing",
                "bring up br0: is down",
            ])
    }

    @Test func membersLeftToTheKernelAreNotCompared() {
        var desired = State()
        desired.insert(LinkSpec(id: LinkID("br0"), kind: .bridge, alias: "fairlead:a"))
        var observed = desired
        observed.links[LinkID("br0")]?.mtu = 1500
        observed.links[LinkID("br0")]?.mac = MACAddress("02:00:00:00:00:01")
        #expect(Plan(from: observed, to: desired).isEmpty)
    }

    @Test func aForeignLinkIsNeverDeleted() {
        var observed = State()
        observed.insert(LinkSpec(id: LinkID("br-theirs"), kind: .foreign))
        observed.addresses.insert(AddressSpec(link: LinkID("br-theirs"), prefix: IPPrefix("10.0.0.1/24")!))
        // What was ours on it goes, since the link stays.
        #expect(
            Plan(from: observed, to: State()).steps.map(\.description) == [
                "remove address 10.0.0.1/24 from br-theirs: no longer wanted"
            ])
    }
}
