import NetworkModel
import Synchronization

/// Rendered bytes by what they show: an object's id, its generation and the shape that the API version asks for.
///
/// Holds at most `capacity` bytes: entries live in two halves; when the younger is full, the older is dropped and the
/// younger takes its place, so that what is asked for often stays.
final class AnswerCache: Sendable {
    struct Key: Hashable, Sendable {
        let id: String
        let shape: Shape
    }

    /// What is shown of an object, and how.
    enum Shape: Hashable, Sendable {
        case networkSummary
        case networkInspect(hasStatus: Bool)
        case containerInspect(ContainerShape)
        case networkList(hasContainers: Bool)
    }

    fileprivate struct Entry {
        let generation: UInt64
        let bytes: [UInt8]
    }

    fileprivate struct State {
        var young: [Key: Entry] = [:]
        var old: [Key: Entry] = [:]
        var youngSize = 0
    }

    private let halfCapacity: Int
    private let state = Mutex(State())

    init(capacity: Int = 64 << 20) { halfCapacity = capacity / 2 }

    /// The cached bytes, or what `render` makes. Two threads may both render: neither waits for the other.
    func bytes(_ key: Key, generation: UInt64, _ render: () -> [UInt8]) -> [UInt8] {
        if let found = find(key, generation) { return found }
        let bytes = render()
        store(key, Entry(generation: generation, bytes: bytes))
        return bytes
    }

    private func find(_ key: Key, _ generation: UInt64) -> [UInt8]? {
        state.withLock { state in
            if let entry = state.young[key] { return entry.generation == generation ? entry.bytes : nil as [UInt8]? }
            guard let entry = state.old.removeValue(forKey: key), entry.generation == generation else { return nil }
            state.insert(key, entry, halfCapacity)
            return entry.bytes
        }
    }

    private func store(_ key: Key, _ entry: Entry) {
        guard entry.bytes.count <= halfCapacity else { return }
        state.withLock { $0.insert(key, entry, halfCapacity) }
    }
}

extension AnswerCache.State {
    fileprivate mutating func insert(_ key: AnswerCache.Key, _ entry: AnswerCache.Entry, _ halfCapacity: Int) {
        if let earlier = young.updateValue(entry, forKey: key) { youngSize -= earlier.bytes.count + Self.overhead }
        youngSize += entry.bytes.count + Self.overhead
        guard youngSize > halfCapacity else { return }
        old = young
        young = [:]
        youngSize = 0
    }

    /// Roughly what a key and a dictionary's slot take, in bytes.
    private static var overhead: Int { 192 }
}
