/// What is wrong with flags or the configuration file, as one sentence for the operator.
struct ConfigurationError: Error, Hashable, CustomStringConvertible {
    let message: String

    init(_ message: String) {
        self.message = message
    }

    var description: String { message }
}
