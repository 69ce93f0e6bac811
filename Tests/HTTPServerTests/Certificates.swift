import Glibc
import Testing

@testable import HTTPServer

/// Certificates made by the openssl command line, in a directory of their own.
struct Certificates {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        for authority in ["ca", "other-ca"] {
            try openssl(
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                path("\(authority).key"), "-out", path("\(authority).pem"), "-subj", "/CN=\(authority)", "-days", "2")
        }
        try issue("server", usage: "serverAuth", extra: "\nsubjectAltName=IP:127.0.0.1,DNS:localhost")
        try issue("client", usage: "clientAuth")
        try issue("server-only", usage: "serverAuth")
        try issue("expired", usage: "clientAuth", days: "-1")
        try issue("stranger", usage: "clientAuth", authority: "other-ca")
    }

    func path(_ name: String) -> String { "\(directory.path)/\(name)" }

    func text(_ name: String) throws -> String {
        let file = open(path(name), O_RDONLY)
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    func identity(verifying: Bool) throws -> TLSIdentity {
        TLSIdentity(
            certificate: try text("server.pem"), key: try text("server.key"),
            clientCA: verifying ? try text("ca.pem") : nil)
    }

    private func issue(
        _ name: String, usage: String, extra: String = "", authority: String = "ca", days: String = "2"
    ) throws {
        try openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            path("\(name).key"),
            "-out", path("\(name).csr"), "-subj", "/CN=\(name)")
        let file = open(path("\(name).ext"), O_CREAT | O_WRONLY, 0o600)
        let extensions = Array("extendedKeyUsage=\(usage)\(extra)\n".utf8)
        _ = write(file, extensions, extensions.count)
        close(file)
        try openssl(
            "x509", "-req", "-in", path("\(name).csr"), "-CA", path("\(authority).pem"), "-CAkey",
            path("\(authority).key"), "-CAcreateserial", "-days", days, "-extfile", path("\(name).ext"), "-out",
            path("\(name).pem"))
    }

    private func openssl(_ arguments: String...) throws {
        let (status, output) = run(["openssl"] + arguments)
        if status != 0 { throw ListenError("openssl \(arguments.joined(separator: " ")): \(output)") }
    }
}

/// Runs a command to its end: exit status and what it wrote. Blocks.
func run(_ command: [String]) -> (status: Int32, output: String) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return (-1, "pipe") }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    for target: Int32 in [1, 2] { posix_spawn_file_actions_adddup2(&actions, ends[1], target) }
    for end in ends { posix_spawn_file_actions_addclose(&actions, end) }
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var pid: pid_t = 0
    let error = posix_spawnp(&pid, command[0], &actions, nil, &arguments, environ)
    close(ends[1])
    defer { close(ends[0]) }
    guard error == 0 else { return (-1, errorText(error)) }
    var output: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = read(ends[0], &part, part.count), count > 0 { output += part[..<count] }
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    return (status & 0x7F == 0 ? status >> 8 & 0xFF : -1, String(decoding: output, as: UTF8.self))
}
