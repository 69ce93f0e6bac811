import ArgumentParser
import Steps

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the daemon.",
        discussion: """
            Flags and configuration file are dockerd's. What dockerd knows and changes nothing here is a warning; what \
            would change something that isn't there is an error.
            """)

    @OptionGroup var options: ServeOptions

    func run() async throws { try await run(as: .fairlead, foreign: []) }

    /// `foreign` are dockerd's flags that Fairlead does nothing with. Throws the status to end with.
    func run(as program: Program, foreign: [ServeArguments.Foreign]) async throws {
        do {
            var warnings: [String] = []
            for flag in foreign {
                warnings.append(try flag.directive.judge(flag.value, name: "--\(flag.directive.flag ?? "")"))
            }
            let reading = ConfigurationReading(
                program: program, flags: try options.directives(), file: options.configFile,
                environment: Environment.all, warnings: warnings)
            let configuration = try reading.read()
            if options.validate {
                try Listeners.check(configuration)
                return Terminal.writeError("configuration OK\n")
            }
            if let stepFd = options.stepFd { StepGate.open(stepFd) }
            try await Daemon(configuration, reading: reading).run()
        } catch let error as ExitCode {
            throw error
        } catch {
            throw CommandFailure.report("fairlead: \(error)")
        }
    }
}
