import ArgumentParser
import Client
import FairleadAPI

struct ExecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command of this host in a container's network namespace, with its exit status.",
        usage: "fairlead exec [--host <host>] <name> -- <command> ...")

    @OptionGroup var options: ClientOptions
    @Argument(help: "The container's name or id.") var name: String
    @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.") var command: [String] = []

    func run() throws {
        let words = command.first == "--" ? Array(command.dropFirst()) : command
        guard !words.isEmpty else {
            throw ValidationError("a command is missing, as in: fairlead exec \(name) -- ip addr")
        }
        let client = try options.client()
        guard case .unix = client.configuration.address else {
            throw CommandFailure.report(
                "fairlead exec runs the command on this host, so it needs the daemon's unix socket, not "
                    + "\(client.configuration.address): run it where the daemon runs")
        }
        let response = try client.get(FairleadAPI.namespacePath(of: name))
        let report: NamespaceReport
        do {
            report = try NamespaceReport(response.body)
        } catch {
            throw CommandFailure.report("the daemon's answer makes no sense: \(error)")
        }
        do throws(NamespaceEntry.Refusal) {
            let entry = try NamespaceEntry(report, peer: response.peer)
            try entry.enter()
        } catch {
            throw CommandFailure.report(error.message)
        }
        let (message, status) = Replacement.run(words)
        throw CommandFailure.report(message, status: status)
    }
}
