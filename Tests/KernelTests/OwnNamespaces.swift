import Glibc
import Synchronization
import Testing

/// Tests that change links, mounts or sysctls run in namespaces made for them, or not at all. Unlike a suite's `init`,
/// this holds for the suites inside, too.
struct OwnNamespaces: SuiteTrait, TestTrait {
    var isRecursive: Bool { true }

    func prepare(for test: Test) async throws { try refuseTheMachinesOwn() }
}

/// Fails in the network or a mount namespace of process 1. Its `ns` directory may be closed even to root, so what is
/// compared is the inode of a file that each network namespace has of its own, and the ids of the mounts.
func refuseTheMachinesOwn() throws {
    func network(_ process: String) throws -> ino_t {
        var status = stat()
        try #require(stat("/proc/\(process)/net/dev", &status) == 0)
        return status.st_ino
    }
    func mounts(_ process: String) -> Set<Substring> {
        Set(contents(of: "/proc/\(process)/mountinfo").split(separator: "\n").map { $0.prefix { $0 != " " } })
    }
    let how = Comment("run me under unshare --net --mount --propagation private")
    let (machine, here) = (try network("1"), try network("self"))
    try #require(machine != here, how)
    let (theirs, ours) = (mounts("1"), mounts("self"))
    try #require(!theirs.isEmpty && !ours.isEmpty && theirs.isDisjoint(with: ours), how)
}

extension Trait where Self == OwnNamespaces {
    static var ownNamespaces: OwnNamespaces { OwnNamespaces() }
}

/// Where a symbolic link leads, "" when it isn't one.
func linkTarget(_ path: String) -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink(path, &buffer, buffer.count)
    return String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// A directory that goes with the test.
func withDirectory<T>(_ body: (String) async throws -> T) async throws -> T {
    var template = Array("/tmp/fairlead-kernel-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
        buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
    }
    let directory = try #require(made)
    let outcome: Result<T, any Error>
    do { outcome = .success(try await body(directory)) } catch { outcome = .failure(error) }
    // Mounts first: nothing may be removed through one.
    _ = try? Oracle.run([
        "sh", "-c", "umount -l \(directory)/* \(directory)/*/* 2>/dev/null; rm -rf --one-file-system \(directory)",
    ])
    return try outcome.get()
}

/// Waits until it is so, five seconds at most.
func eventually(_ condition: () throws -> Bool) async throws -> Bool {
    for _ in 0..<500 {
        if try condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return try condition()
}

/// A process that lives until it is ended here, in a network namespace of its own where wanted.
struct Sleeper {
    let pid: pid_t

    init(_ wrapper: [String]) throws {
        let words = wrapper + ["sleep", "60"]
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        try #require(posix_spawnp(&process, words[0], nil, nil, &arguments, environ) == 0)
        pid = process
        // It is what it shall be once it is `sleep`, after all that `unshare` does.
        for _ in 0..<500 where !linkTarget("/proc/\(pid)/exe").hasSuffix("sleep") { usleep(10_000) }
        try #require(linkTarget("/proc/\(pid)/exe").hasSuffix("sleep"))
    }

    /// Ends it; with `reaped` false it stays a zombie.
    func end(reaped: Bool = true) {
        kill(pid, SIGKILL)
        if reaped { reap() }
    }

    func reap() {
        var status: Int32 = 0
        waitpid(pid, &status, 0)
    }
}

/// All of a file, "" when it can't be read.
func contents(of path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(file, &buffer, buffer.count)
        if count <= 0 { return String(decoding: text, as: UTF8.self) }
        text += buffer[..<count]
    }
}

/// A value that closures of several threads change.
final class Shared<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) { mutex = Mutex(value) }

    var value: Value { mutex.withLock { $0 } }

    func change(_ body: (inout Value) -> Void) { mutex.withLock { body(&$0) } }
}
