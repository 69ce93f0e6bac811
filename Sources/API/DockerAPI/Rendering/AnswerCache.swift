import NetworkModel
import Synchronization

/// Rendered bytes by what they show: an object's id, its generation and the shape that the API version asks for.
///
/// Holds at most `capacity` bytes: entries live in two halves; when the younger is full, the older is dropped and the
/// younger takes its place, so that what is asked for often stays. What was asked about objects that are gone makes room
/// the same way: a half is full, too, when it has more entries than the objects there are can have.
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
    private let objects: @Sendable () -> Int
    private let state = Mutex(State())

    /// `objects`: how many there are at the moment.
    init(capacity: Int = 64 << 20, objects: @escaping @Sendable () -> Int) {
        halfCapacity = capacity / 2
        self.objects = objects
    }

    /// How many entries it holds.
    var count: Int { state.withLock { $0.young.count + $0.old.count } }

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
            insert(key, entry, &state)
            return entry.bytes
        }
    }

    private func store(_ key: Key, _ entry: Entry) {
        guard entry.bytes.count <= halfCapacity else { return }
        state.withLock { insert(key, entry, &$0) }
    }

    private func insert(_ key: Key, _ entry: Entry, _ state: inout State) {
        state.insert(key, entry)
        // Clients of one version ask for one or two shapes, those of several for some more.
        let isFull =
            state.youngSize > halfCapacity
            || state.young.count > Self.spareEntries && state.young.count > Self.spareEntries + 4 * objects()
        if isFull { state.turn() }
    }

    /// What each half may hold however few objects there are.
    static let spareEntries = 256
}

extension AnswerCache.State {
    fileprivate mutating func insert(_ key: AnswerCache.Key, _ entry: AnswerCache.Entry) {
        if let earlier = young.updateValue(entry, forKey: key) { youngSize -= earlier.bytes.count + Self.overhead }
        youngSize += entry.bytes.count + Self.overhead
    }

    fileprivate mutating func turn() {
        old = young
        young = [:]
        youngSize = 0
    }

    /// Roughly what a key and a dictionary's slot take, in bytes.
    private static var overhead: Int { 192 }
}
