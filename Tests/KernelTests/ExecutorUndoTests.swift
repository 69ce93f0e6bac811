import Addressing
import Dataplane
import Glibc
import Netlink
import Testing

@testable import Kernel

extension LinkTests {
    /// What a refused plan must not touch, and what must be out of the way first.
    @Suite(.serialized) struct ExecutorUndoTests {
        private let bed: Testbed

        init() throws { bed = try Testbed() }

        /// A container in a namespace that somebody else made.
        private func adopted(_ name: String, host: UInt8) async throws -> (State, String) {
            let pin = bed.pin(name)
            try await bed.threads.run { () throws(NamespaceError) in try NamespaceHandle.create(pin) }
            var state = bed.container(name, host: host)
            state.pins = []
            return (state, pin.path)
        }

        private func release(_ path: String) async throws {
            try await bed.threads.run { () throws(NamespaceError) in
                try NamespaceHandle.remove(NamespacePin(path: path))
            }
        }

        /// A foreign default route refuses ours.
        @Test(arguments: [true, false]) func theLoopbackOfAnAdoptedNamespaceStaysUp(before: Bool) async throws {
            let network = bed.network()
            try await bed.executor.execute(Plan(from: State(), to: network))
            let (container, inside) = try await adopted("lo", host: 2)
            if before { try Oracle.ip("link set lo up", in: inside) }
            try Oracle.ip("link add own type bridge", in: inside)
            try Oracle.ip("addr add 10.70.0.2/24 dev own", in: inside)
            try Oracle.ip("link set own up", in: inside)
            try Oracle.ip("route add default via 10.70.0.1", in: inside)
            var desired = network
            desired.merge(container)
            // `lo` as the cache knows it: not at all.
            let plan = Plan(from: network, to: desired)
            #expect(plan.steps.contains { $0.action == .setUp(LinkID("lo", in: .path(inside))) })
            let refused = try await refusal { try await bed.executor.execute(plan) }
            #expect(refused.errno == EEXIST)
            #expect(try Oracle.links(in: inside)["lo"]?.isUp == true)
            #expect(try Set(Oracle.links(in: inside).keys) == ["lo", "own"])
            try await bed.clear(desired)
            try await release(inside)
        }

        @Test func aPortWithoutItsBridgeIsRefused() async throws {
            let (container, inside) = try await adopted("port", host: 3)
            let refused = try await refusal { try await bed.executor.execute(Plan(from: State(), to: container)) }
            #expect(
                refused.description
                    == "veth \(bed.prefix)port: no such device: there is no link \(bed.bridge.name)")
            #expect(try Oracle.links()["\(bed.prefix)port"] == nil)
            try await release(inside)
        }

        @Test func aLinkThatWasDownIsNotBroughtUpByAnUndo() async throws {
            let network = bed.network()
            try await bed.executor.execute(Plan(from: State(), to: network))
            try Oracle.ip("link set \(bed.bridge.name) down")
            bed.table.content.withLock { $0.refused = "late" }
            let late = Step(.addElement(SetElement("late", [.port(1)], comment: "")), reason: "")
            _ = try await refusal {
                try await bed.executor.execute(Plan(steps: [Step(.setDown(bed.bridge), reason: ""), late]))
            }
            #expect(try Oracle.links()[bed.bridge.name]?.isUp == false)
            try await bed.clear(network)
        }

        /// One end has been renamed: with the collector still to come, its other end is not in the way of the new pair.
        @Test(arguments: [true, false]) func aPairIsMadeAnewAlthoughTheOldOneIsThere(outer: Bool) async throws {
            var desired = bed.network()
            desired.merge(bed.container("r", host: 4))
            try await bed.executor.execute(Plan(from: State(), to: desired))
            let inside = bed.pin("r").path
            if outer {
                try Oracle.ip("link set \(bed.prefix)r down")
                try Oracle.ip("link set \(bed.prefix)r name \(bed.prefix)x")
            } else {
                try Oracle.ip("link set eth0 down", in: inside)
                try Oracle.ip("link set eth0 name eth9", in: inside)
            }
            let plan = try await bed.plan(to: desired, removal: .deferred)
            try await bed.executor.execute(plan)
            #expect(try await bed.plan(to: desired).description == "")
            #expect(try Set(Oracle.links(in: inside).keys) == ["lo", "eth0"])
            _ = try Oracle.run(["ping", "-c1", "-w8", "10.1.0.1"], inside)
            try await bed.clear(desired)
        }
    }
}
