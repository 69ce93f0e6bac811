import CShims
import Glibc
import NFTables
import Synchronization
import Testing

/// Fresh network namespaces by name, gone when the bed is. Commands run inside with nsenter(1); nothing is ever done to
/// the namespace that the tests were started in.
final class NFTablesBed: Sendable {
    private let descriptors = Mutex<[String: Int32]>([:])

    /// Makes namespaces of these names, in which `lo` is up.
    init(_ names: String...) throws {
        try refuseTheMachinesOwn()
        for name in names { try add(name) }
    }

    deinit {
        for descriptor in descriptors.withLock({ $0 }).values { close(descriptor) }
    }

    func add(_ name: String) throws {
        let descriptor = try onThread { () -> Int32 in
            guard shim_unshare_network() == 0 else { return -1 }
            return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        }
        try #require(descriptor >= 0)
        descriptors.withLock { $0[name] = descriptor }
        try run("ip link set lo up", in: name)
    }

    /// A path that leads to the namespace from other processes.
    func path(_ name: String) throws -> String {
        "/proc/\(getpid())/fd/\(try descriptor(name))"
    }

    /// A connection of ours to the namespace's nftables.
    func connection(in name: String) throws -> NFTablesConnection {
        let descriptor = try descriptor(name)
        return try onThread { () throws in
            try #require(shim_setns_network(descriptor) == 0)
            return try NFTablesConnection()
        }
    }

    /// Runs a shell script in the namespace and returns what it prints; fails unless it exits with 0.
    @discardableResult
    func run(_ script: String, in name: String, seconds: Int = 20) throws -> String {
        let (status, output) = try attempt(script, in: name, seconds: seconds)
        try #require(status == 0, "\(script)\n\(output)")
        return output
    }

    /// The script's exit status, 124 after so many seconds, and all that it prints.
    func attempt(_ script: String, in name: String, seconds: Int = 20) throws -> (Int32, String) {
        try spawn(["timeout", "\(seconds)", "nsenter", "--net=" + path(name), "sh", "-c", script])
    }

    private func descriptor(_ name: String) throws -> Int32 {
        try #require(descriptors.withLock { $0[name] }, "no namespace \(name)")
    }
}

/// Runs the body on a thread of its own, which may leave its namespace.
private func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
    let box = Box(body)
    let context = Unmanaged.passRetained(box)
    var thread = pthread_t()
    let status = pthread_create(&thread, nil, run, context.toOpaque())
    guard status == 0 else {
        context.release()
        throw Failure(text: "pthread_create: \(status)")
    }
    pthread_join(thread, nil)
    guard let result = box.result.withLock({ $0 }) as? Result<Value, any Error> else {
        throw Failure(text: "the thread left no result")
    }
    return try result.get()
}

private final class Box: Sendable {
    let body: @Sendable () -> any Sendable
    let result = Mutex<(any Sendable)?>(nil)

    init<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) {
        self.body = { Result { try body() } }
    }
}

private let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
    guard let context else { return nil }
    let box = Unmanaged<Box>.fromOpaque(context).takeRetainedValue()
    let result = box.body()
    box.result.withLock { $0 = result }
    return nil
}

private struct Failure: Error {
    let text: String
}

/// Runs a command to its end; its status is -1 if a signal ended it. The output goes to a file, not to a pipe that a
/// grandchild could keep open.
private func spawn(_ arguments: [String]) throws -> (Int32, String) {
    var name = Array("/tmp/fairlead-test-XXXXXX".utf8CString)
    let file = mkstemp(&name)
    guard file >= 0 else { throw Failure(text: "mkstemp: \(errno)") }
    unlink(name)
    defer { close(file) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, file, 1)
    posix_spawn_file_actions_adddup2(&actions, file, 2)
    // Threads of Swift's pool block signals: children would ignore timeout(1), and ping(8) its alarms.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var pointers = arguments.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    pointers.append(nil)
    var process = pid_t()
    let status = posix_spawnp(&process, arguments[0], &actions, &attributes, &pointers, environ)
    guard status == 0 else { throw Failure(text: "\(arguments[0]): \(status)") }
    var ended: Int32 = 0
    while waitpid(process, &ended, 0) < 0, errno == EINTR {}
    lseek(file, 0, SEEK_SET)
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(file, &buffer, buffer.count)
        if count <= 0 { break }
        output += buffer.prefix(count)
    }
    return (ended & 0x7F == 0 ? ended >> 8 & 0xFF : -1, String(decoding: output, as: UTF8.self))
}
