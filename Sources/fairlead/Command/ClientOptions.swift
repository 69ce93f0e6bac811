import ArgumentParser
import Client
import Glibc

/// How the client commands find the daemon.
struct ClientOptions: ParsableArguments {
    @Option(
        name: [.customShort("H"), .long],
        help: ArgumentHelp(
            "The daemon to talk to, unix://PATH or tcp://HOST:PORT; without it, DOCKER_HOST, then the default socket."))
    var host: String?

    func client() throws -> Client {
        let environment = Environment.all
        return Client(
            try ClientConfiguration(host: host, environment: environment, defaultSocket: Program.fairlead.socket))
    }
}

/// The process's environment.
enum Environment {
    static var all: [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            next += 1
        }
        return variables
    }
}
