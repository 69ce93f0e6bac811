import ArgumentParser

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version of this program.")

    func run() { Terminal.write("fairlead \(FairleadVersion.text)\n") }
}

/// Fairlead's own version, which Docker's API shows as the server's.
enum FairleadVersion {
    static let text = "0.1.0"
}
