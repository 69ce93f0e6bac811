import HTTPMessage
import NetworkModel
import Synchronization

/// A document's bytes, and what the server makes of a response with them.
struct RenderedAnswer: Sendable {
    let bytes: [UInt8]
    let form = KeptForm()

    init(_ bytes: [UInt8]) { self.bytes = bytes }
}

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
        /// The list of API versions below 1.28.
        case networkListWithContainers
    }

    fileprivate struct Entry {
        let generation: UInt64
        let answer: RenderedAnswer

        func answer(of wanted: UInt64) -> RenderedAnswer? { generation == wanted ? answer : nil }
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

    /// The cached answer, or what `render` makes. Two threads may both render: neither waits for the other.
    func answer(_ key: Key, generation: UInt64, _ render: () -> [UInt8]) -> RenderedAnswer {
        if let found = find(key, generation) { return found }
        let answer = RenderedAnswer(render())
        store(key, Entry(generation: generation, answer: answer))
        return answer
    }

    private func find(_ key: Key, _ generation: UInt64) -> RenderedAnswer? {
        state.withLock { state in
            if let entry = state.young[key] { return entry.answer(of: generation) }
            guard let entry = state.old.removeValue(forKey: key), entry.generation == generation else { return nil }
            insert(key, entry, &state)
            return entry.answer
        }
    }

    private func store(_ key: Key, _ entry: Entry) {
        guard entry.answer.bytes.count <= halfCapacity else { return }
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
        if let old = young.updateValue(entry, forKey: key) { youngSize -= old.answer.bytes.count + Self.overhead }
        youngSize += entry.answer.bytes.count + Self.overhead
    }

    fileprivate mutating func turn() {
        old = young
        young = [:]
        youngSize = 0
    }

    /// Roughly what a key, a dictionary's slot and the server's form take, in bytes.
    private static var overhead: Int { 1024 }
}
