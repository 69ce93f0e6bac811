import JSON

/// How the configuration was come by, so that it can be read again.
struct ConfigurationReading: Sendable {
    let program: Program
    let flags: [String: JSONValue]
    /// `--config-file`; nil: the program's own, if it is there.
    let file: String?
    let environment: [String: String]
    /// About flags that change nothing.
    let warnings: [String]

    func read() throws(ConfigurationError) -> DaemonConfiguration {
        let file = try ConfigurationFile(path: file ?? program.configurationFile, isRequired: file != nil)
        return try DaemonConfiguration(
            program: program, flags: flags, file: file, environment: environment, warnings: warnings)
    }
}
