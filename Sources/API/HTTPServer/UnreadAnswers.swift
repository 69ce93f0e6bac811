internal import HTTPMessage
internal import Synchronization

/// The large bodies that have not gone out whole, or whose form is kept for the next who asks, over all listeners. Bytes
/// that several answers share count once.
///
/// A client that asks and does not read costs its answer until the idle timeout ends it; this bounds what all of them cost
/// together.
final class UnreadAnswers: Sendable {
    /// Smaller bodies are not counted: a listener's connections bound them well enough.
    private static let countedAbove = 16 << 10

    private struct State {
        /// Answers by the address of their bytes.
        var holders: [UInt: Int] = [:]
        var bytes = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    /// What is held now.
    var bytes: Int { state.withLock(\.bytes) }

    /// Whether there is room for one more. The last one may go over the limit: else no large answer would ever fit a small
    /// limit.
    func admits(_ response: Response) -> Bool {
        guard case .bytes(let bytes) = response.body, bytes.count > Self.countedAbove else { return true }
        return state.withLock { $0.bytes < limit || $0.holders[Self.address(bytes)] != nil }
    }

    func hold(_ bytes: [UInt8]) {
        guard bytes.count > Self.countedAbove else { return }
        state.withLock { state in
            let holders = state.holders[Self.address(bytes), default: 0]
            state.holders[Self.address(bytes)] = holders + 1
            if holders == 0 { state.bytes += bytes.count }
        }
    }

    func letGo(_ bytes: [UInt8]) {
        guard bytes.count > Self.countedAbove else { return }
        state.withLock { state in
            let holders = state.holders[Self.address(bytes), default: 1]
            state.holders[Self.address(bytes)] = holders > 1 ? holders - 1 : nil
            if holders == 1 { state.bytes -= bytes.count }
        }
    }

    /// Stays the same for as long as somebody holds the array: nobody writes to it.
    private static func address(_ bytes: [UInt8]) -> UInt {
        bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    }
}
