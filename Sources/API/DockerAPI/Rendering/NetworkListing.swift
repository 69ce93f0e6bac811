import Engine
import NetworkModel
import Synchronization

/// The unfiltered list of networks, in order of age. It is put together anew only when a network itself has come, gone or
/// changed, and then only the networks concerned are rendered: many clients ask for it again and again, while others work.
final class NetworkListing: Sendable {
    private struct Item {
        let created: Timestamp
        let id: ObjectID
        let bytes: [UInt8]

        init(_ network: Network) {
            created = network.created
            id = network.id
            bytes = NetworkRendering.summary(network)
        }
    }

    private struct State {
        var items: [Item] = []
        /// `networkChanges` of the snapshot that is shown.
        var changes: UInt64 = 0
        var answer: RenderedAnswer?
    }

    private let state = Mutex(State())

    /// The list of this snapshot, or of a later one that another thread has seen.
    func answer(_ snapshot: Snapshot) -> RenderedAnswer {
        state.withLock { state in
            if let answer = state.answer, snapshot.networkChanges <= state.changes { return answer }
            Self.update(&state.items, from: state.answer == nil ? nil : state.changes, to: snapshot)
            let answer = RenderedAnswer(Self.array(state.items))
            state.changes = snapshot.networkChanges
            state.answer = answer
            return answer
        }
    }

    private static func update(_ items: inout [Item], from changes: UInt64?, to snapshot: Snapshot) {
        if let changes, let changed = snapshot.networksChanged(since: changes) {
            items.removeAll { changed.contains($0.id) }
            items += changed.compactMap { snapshot.networks[$0] }.map { Item($0.network) }
        } else {
            items = snapshot.networks.values.map { Item($0.network) }
        }
        items.sort { ($0.created, $0.id) < ($1.created, $1.id) }
    }

    private static func array(_ items: [Item]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(items.reduce(3) { $0 + $1.bytes.count + 1 })
        bytes.append(UInt8(ascii: "["))
        for item in items {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            bytes += item.bytes
        }
        bytes += [UInt8(ascii: "]"), 0x0A]
        return bytes
    }
}
