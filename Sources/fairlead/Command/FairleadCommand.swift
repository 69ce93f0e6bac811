import ArgumentParser

struct FairleadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fairlead",
        abstract: "Container networking as a daemon of its own: Docker's networks API over network namespaces.",
        version: "fairlead \(FairleadVersion.text)",
        subcommands: [ServeCommand.self, PlanCommand.self, ExecCommand.self, VersionCommand.self])
}

/// A command line, made plain.
struct Invocation {
    let program: Program
    /// For the argument parser, subcommand first.
    let words: [String]
    let foreign: [ServeArguments.Foreign]

    /// - Parameter arguments: the program's own path first.
    init(_ arguments: [String]) {
        program = Program(path: arguments.first ?? "")
        var rest = Array(arguments.dropFirst())
        if program == .dockerd { rest.insert("serve", at: 0) }
        guard rest.first == "serve" else {
            words = rest
            foreign = []
            return
        }
        let serve = ServeArguments(Array(rest.dropFirst()))
        words = ["serve"] + serve.words
        foreign = serve.foreign
    }

    func run() async {
        do {
            var command = try FairleadCommand.parseAsRoot(words)
            switch command {
            case let serve as ServeCommand: try await serve.run(as: program, foreign: foreign)
            case var asynchronous as any AsyncParsableCommand: try await asynchronous.run()
            default: try command.run()
            }
        } catch {
            FairleadCommand.exit(withError: error)
        }
    }
}
