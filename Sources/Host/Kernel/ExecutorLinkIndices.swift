internal import Netlink
internal import Synchronization

/// Interface indexes for the links we make: chosen by us, so that a batch can refer to a link without asking for it.
///
/// Far above the kernel's own counter, which only goes up by one a link.
final class LinkIndices: Sendable {
    private let last = Mutex<Int32?>(nil)
    private static let range: Range<Int32> = 1 << 16..<1 << 30

    /// So many numbers that nobody had when the links were last listed.
    func draw(_ count: Int, _ socket: NetlinkSocket) throws(NetlinkError) -> [Int32] {
        if last.withLock({ $0 == nil }) { try reseed(socket) }
        return last.withLock { last in
            (0..<count).map { _ in
                var next = (last ?? Self.range.lowerBound) + 1
                if !Self.range.contains(next) { next = Self.range.lowerBound }
                last = next
                return next
            }
        }
    }

    /// Looks again where to start: one of them was taken.
    func reseed(_ socket: NetlinkSocket) throws(NetlinkError) {
        let highest = try socket.links().map(\.index).filter(Self.range.contains).max() ?? Self.range.lowerBound
        last.withLock { $0 = max($0 ?? 0, highest) }
    }

    /// Leaves out so many numbers.
    func skip(_ count: Int32) {
        last.withLock { $0 = ($0 ?? Self.range.lowerBound) + count }
    }
}
