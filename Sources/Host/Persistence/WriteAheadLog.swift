import Glibc

/// Looks for damage that SQLite would take for the end of the write-ahead log, and so lose commits that were answered
/// (https://www.sqlite.org/fileformat2.html#walformat).
///
/// Each frame's checksum builds on that of the one before. A frame that doesn't fit is the normal end: rests of a commit
/// that a crash cut short, or of an earlier, already copied log. But each commit is synced before the next is written, so
/// where a whole commit lies behind that frame and still another frame behind it, the frame was good once.
struct WriteAheadLog {
    private struct Sum: Equatable {
        var first: UInt32 = 0
        var second: UInt32 = 0
    }

    private static let headerSize = 32
    private static let frameHeaderSize = 24

    private let bytes: [UInt8]
    private let isBigEndian: Bool
    private let frameSize: Int

    /// What is wrong with the log of a database, if anything is.
    static func damage(of database: String) throws(StoreError) -> String? {
        guard let bytes = try StoreFile.read(database + "-wal") else { return nil }
        guard bytes.count > headerSize else { return nil }
        let reason = "of its write-ahead log doesn't fit its checksum"
        guard let log = WriteAheadLog(bytes) else { return "the header \(reason)" }
        return log.firstDamagedFrame.map { "frame \($0 + 1) \(reason)" }
    }

    /// Nil if the header isn't what SQLite writes: it is synced before the first frame is written.
    private init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        let magic = Self.word(bytes, 0)
        guard magic & ~1 == 0x377F_0682 else { return nil }
        isBigEndian = magic & 1 == 1
        frameSize = Self.frameHeaderSize + Int(Self.word(bytes, 8))
        let sum = Self.sum(Sum(), bytes, 0..<24, isBigEndian)
        guard sum == Sum(first: Self.word(bytes, 24), second: Self.word(bytes, 28)) else { return nil }
    }

    private var count: Int { (bytes.count - Self.headerSize) / frameSize }

    /// The frame at which SQLite would stop too early.
    private var firstDamagedFrame: Int? {
        var sum = stored(at: 24)
        for frame in 0..<count {
            let next = self.sum(of: frame, after: sum)
            if hasOurSalt(frame), next == stored(frame) {
                sum = next
                continue
            }
            // Whatever was hit, page or checksum: the next frame builds on one of the two.
            let isDamage = [stored(frame), next].contains { isFollowedByMore(frame, $0) }
            return isDamage ? frame : nil
        }
        return nil
    }

    /// Whether behind a frame there is a frame of another commit.
    private func isFollowedByMore(_ frame: Int, _ start: Sum) -> Bool {
        var sum = start
        var hasCommit = isCommit(frame)
        for next in (frame + 1)..<max(count, frame + 1) {
            sum = self.sum(of: next, after: sum)
            guard hasOurSalt(next), sum == stored(next) else { return false }
            if hasCommit { return true }
            hasCommit = isCommit(next)
        }
        return false
    }

    // MARK: - One frame

    private func offset(_ frame: Int) -> Int { Self.headerSize + frame * frameSize }
    private func isCommit(_ frame: Int) -> Bool { Self.word(bytes, offset(frame) + 4) != 0 }
    private func stored(_ frame: Int) -> Sum { stored(at: offset(frame) + 16) }

    private func stored(at offset: Int) -> Sum {
        Sum(first: Self.word(bytes, offset), second: Self.word(bytes, offset + 4))
    }

    private func hasOurSalt(_ frame: Int) -> Bool {
        bytes[(offset(frame) + 8)..<(offset(frame) + 16)].elementsEqual(bytes[16..<24])
    }

    private func sum(of frame: Int, after sum: Sum) -> Sum {
        let start = offset(frame)
        let header = Self.sum(sum, bytes, start..<start + 8, isBigEndian)
        return Self.sum(header, bytes, start + Self.frameHeaderSize..<start + frameSize, isBigEndian)
    }

    private static func sum(_ start: Sum, _ bytes: [UInt8], _ range: Range<Int>, _ isBigEndian: Bool) -> Sum {
        func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            return isBigEndian ? UInt32(bigEndian: word) : UInt32(littleEndian: word)
        }
        return bytes.withUnsafeBytes { bytes in
            var sum = start
            for offset in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
                sum.first &+= word(bytes, offset) &+ sum.second
                sum.second &+= word(bytes, offset + 4) &+ sum.first
            }
            return sum
        }
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
