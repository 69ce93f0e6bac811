import NetworkModel
import Persistence

/// What the store has still to be told after a change that the kernel or the disk refused: it goes with the next commit.
///
/// What is committed about an object later says all that there is to say about it, so nothing older is written after it:
/// else a note about a removed container would bring it back.
struct Owed {
    private var waiting: [Write] = []
    /// Gone along with commits that are under way.
    private var taken: [Int: [Write]] = [:]
    private var commits = 0

    /// What goes with a commit, which then is to be settled or failed.
    mutating func take() -> (commit: Int, writes: [Write]) {
        defer { waiting = [] }
        commits += 1
        taken[commits] = waiting
        return (commits, waiting)
    }

    var isEmpty: Bool { waiting.isEmpty && taken.allSatisfy(\.value.isEmpty) }

    mutating func settled(_ commit: Int) { taken[commit] = nil }

    mutating func failed(_ commit: Int) { waiting = (taken.removeValue(forKey: commit) ?? []) + waiting }

    mutating func add(_ writes: [Write]) { waiting += writes }

    /// Forgets what is owed about objects that a commit has just told about.
    mutating func drop(_ committed: [Write]) {
        guard !waiting.isEmpty || taken.contains(where: { !$0.value.isEmpty }) else { return }
        let subjects = Set(committed.map(\.subject))
        waiting.removeAll { subjects.contains($0.subject) }
        taken = taken.mapValues { $0.filter { !subjects.contains($0.subject) } }
    }
}

private enum Subject: Hashable {
    case network(ObjectID)
    case endpoint(ObjectID)
    case container(ObjectID)
    case setting(String)
}

extension Write {
    fileprivate var subject: Subject {
        switch self {
        case .putNetwork(let network): .network(network.id)
        case .removeNetwork(let id): .network(id)
        case .putEndpoint(let endpoint): .endpoint(endpoint.id)
        case .removeEndpoint(let id): .endpoint(id)
        case .putContainer(let container): .container(container.id)
        case .removeContainer(let id): .container(id)
        case .setSetting(let key, _): .setting(key)
        }
    }
}
