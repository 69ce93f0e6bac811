import Glibc
import HTTPMessage
import Logging
import Synchronization
import Testing

@testable import HTTPServer

/// A directory of its own, removed afterwards.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/http-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw ListenError(errorText(errno)) }
        path = String(cString: made)
    }

    deinit {
        if let directory = opendir(path) {
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                unlink("\(path)/\(name)")
            }
            closedir(directory)
        }
        rmdir(path)
    }
}

/// A running server on a unix socket and on 127.0.0.1.
struct TestServer {
    let responder = TestResponder()
    let directory: TemporaryDirectory
    let server: Server
    let unix: ListenerAddress
    let tcp: ListenerAddress
    let log = LogLines()

    init(limits: Limits = Limits()) throws {
        directory = try TemporaryDirectory()
        let path = "\(directory.path)/api.sock"
        server = makeServer(
            [Listener(.unix(path: path, group: .own)), Listener(.tcp(host: "127.0.0.1", port: 0))], responder,
            limits: limits, log: log)
        try server.start()
        unix = server.addresses[0]
        tcp = server.addresses[1]
    }

    /// Runs `body` on a thread of its own: it blocks, and the responder needs the cooperative pool.
    func use<Result: Sendable>(_ body: @escaping @Sendable (TestServer) throws -> Result) async throws -> Result {
        let result = await blocking { Swift.Result { try body(self) } }
        return try result.get()
    }

    func stop() async { await server.stop(grace: .seconds(5)) }

    /// Descriptors of this process that are bound to the unix socket: the listener and its connections.
    var descriptors: Int {
        (0..<8192).filter { SocketAddress(localOf: Int32($0))?.listenerAddress == unix }.count
    }
}

func makeServer(
    _ listeners: [Listener], _ responder: TestResponder, limits: Limits = Limits(), log: LogLines = LogLines()
) -> Server {
    Server(
        listeners: listeners, responder: responder, limits: limits,
        logger: Logger(label: "test") { _ in log }
    ) { status, message in
        Response(
            status: status, headers: Headers([.init(name: "Content-Type", value: "application/json")]),
            body: .bytes(Array("{\"message\":\"\(message)\"}\n".utf8)))
    }
}

/// Keeps warnings and above.
final class LogLines: LogHandler, Sendable {
    private let lines = Mutex<[String]>([])
    var warnings: [String] { lines.withLock { $0 } }

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .warning }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.message)") }
    }
}

/// Runs blocking code on a thread of its own.
func blocking<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        let job = Unmanaged.passRetained(Job { continuation.resume(returning: body()) }).toOpaque()
        var thread = pthread_t()
        let error = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Job>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, job)
        precondition(error == 0)
        pthread_detach(thread)
    }
}

private final class Job: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Whether `condition` becomes true in time; for threads, not for tasks.
func eventually(within seconds: Double = 5, _ condition: () -> Bool) -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while !condition() {
        if ContinuousClock.now > deadline { return false }
        usleep(2000)
    }
    return true
}
