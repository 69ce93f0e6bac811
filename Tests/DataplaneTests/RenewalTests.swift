import Addressing
import Testing

@testable import Dataplane

/// Links that are removed and made again in the same plan.
@Suite struct RenewalTests {
    private let outer = LinkID("veth0")
    private let inner = LinkID("eth0", in: .path("/n"))

    private func pair(_ outer: LinkID, _ inner: LinkID) -> State {
        var state = State()
        state.insert(LinkSpec(id: outer, kind: .veth(peer: inner), alias: "fairlead:a:b", master: "br0"))
        state.insert(LinkSpec(id: inner, kind: .vethPeer(of: outer), alias: "fairlead:a:b"))
        return state
    }

    /// Either end has another name: the old pair has to be gone before the new one is made.
    @Test(arguments: [(LinkID("other"), nil), (nil, LinkID("eth5", in: .path("/n")))] as [(LinkID?, LinkID?)])
    func aPairInTheWayIsDeletedAtOnce(outerNow: LinkID?, innerNow: LinkID?) throws {
        let observed = pair(outerNow ?? outer, innerNow ?? inner)
        let actions = Plan(from: observed, to: pair(outer, inner), removal: .deferred).steps.map(\.action)
        #expect(!actions.contains { if case .doomLink = $0 { true } else { false } })
        let deleted = try #require(
            actions.firstIndex {
                if case .deleteLink(let link) = $0 { link.id == outerNow ?? outer } else { false }
            })
        #expect(actions[..<deleted].contains(.setDown(outerNow ?? outer)))
        let created = try #require(actions.firstIndex { if case .createLink = $0 { true } else { false } })
        #expect(deleted < created)
    }

    @Test func whatIsNotInTheWayWaitsForTheCollector() {
        var observed = pair(LinkID("old0"), LinkID("eth7", in: .path("/m")))
        observed.merge(pair(LinkID("other"), inner))
        let actions = Plan(from: observed, to: pair(outer, inner), removal: .deferred).steps.map(\.action)
        let doomed = actions.compactMap { if case .doomLink(let link) = $0 { link.id } else { nil } }
        #expect(doomed == [LinkID("old0")])
    }
}
