import GRDB
import Glibc
import NetworkModel
import Synchronization
import Testing

@testable import Persistence

/// A COMMIT that fails at the disk: on a file system of 1 MiB, filled up. Needs a mount namespace of its own.
@Suite(.serialized) struct FullDiskTests {
    @Test(.timeLimit(.minutes(1))) func aFailedCommitStaysFailed() async throws {
        let directory = try TemporaryDirectory()
        let disk = try SmallDisk(at: directory.path, kibibytes: 1024)
        defer { disk.remove() }
        let commits = Mutex(0)
        let store = try directory.open { commits.withLock { $0 += 1 } }
        try await store.commit([.putNetwork(network(1))], for: "network n1")

        try disk.fill()
        let large: [Write] = (10..<300).map {
            .putNetwork(network($0, name: String(repeating: "x", count: 300) + "\($0)"))
        }
        await #expect(throws: EngineError(.system, "network big: database or disk is full")) {
            try await store.commit(large, for: "network big")
        }
        // It was the COMMIT that failed, not a statement before it.
        #expect(commits.withLock { $0 } == 2)
        #expect(store.statistics.commits == 1)
        // What a crash now would leave: the failed request doesn't come back.
        let copy = try TemporaryDirectory()
        for suffix in ["", "-wal"] { try write(try contents(directory.store + suffix), to: copy.store + suffix) }
        #expect(try copy.open().load().networks == [network(1)])

        try disk.free()
        try await store.commit(large, for: "network big")
        try await store.commit([.putNetwork(network(2))], for: "network n2")
        store.close()
        #expect(try directory.open().load().networks.count == 292)
    }

    /// On a disk that stays full, failing again and again keeps what was committed, and closing gives it all back.
    @Test(.timeLimit(.minutes(1))) func manyFailuresLoseNothing() async throws {
        let directory = try TemporaryDirectory()
        let disk = try SmallDisk(at: directory.path, kibibytes: 1024)
        defer { disk.remove() }
        let store = try directory.open()
        try disk.fill()
        var kept: [Network] = []
        var failures = 0
        for number in 1...60 {
            let candidate = network(number, name: String(repeating: "y", count: 3000) + "\(number)")
            do {
                try await store.commit([.putNetwork(candidate)], for: "n")
                kept.append(candidate)
            } catch {
                failures += 1
                #expect(error.kind == .system)
            }
        }
        #expect(failures > 0)
        #expect(try store.load().networks == kept)
        try disk.free()
        try await store.commit([.putNetwork(network(100))], for: "n")
        store.close()
        #expect(try directory.open().load().networks == kept + [network(100)])
    }
}

/// A tmpfs. Refuses to be mounted where the whole machine would see it.
private final class SmallDisk: Sendable {
    private let path: String
    private var filler: String { path + "/filler" }

    init(at path: String, kibibytes: Int) throws {
        let isOurs = try Self.mounts("self").isDisjoint(with: try Self.mounts("1"))
        try #require(isOurs, "start the tests under: unshare --net --mount --propagation private")
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(kibibytes)k") == 0 else { throw Errno(action: "mount") }
        self.path = path
    }

    /// Writes until the disk is full.
    func fill() throws {
        let file = open(filler, O_CREAT | O_APPEND | O_WRONLY, 0o600)
        guard file >= 0 else { throw Errno(action: "open") }
        defer { close(file) }
        let block = [UInt8](repeating: 1, count: 4096)
        while Glibc.write(file, block, block.count) > 0 {}
        guard errno == ENOSPC else { throw Errno(action: "write") }
    }

    func free() throws {
        guard unlink(filler) == 0 else { throw Errno(action: "unlink") }
    }

    func remove() { umount2(path, Int32(MNT_DETACH)) }

    /// The ids of a process's mounts, unique on the machine (proc(5), mountinfo); its namespace's own link says less,
    /// since not everyone may read process 1's.
    private static func mounts(_ process: String) throws -> Set<String> {
        let lines = String(decoding: try contents("/proc/\(process)/mountinfo"), as: UTF8.self).split(separator: "\n")
        return Set(lines.compactMap { $0.split(separator: " ").first.map(String.init) })
    }
}
