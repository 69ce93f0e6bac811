import ArgumentParser

/// A boolean as Go's flags take it (`strconv.ParseBool`).
struct GoBoolean: ExpressibleByArgument, Hashable {
    let value: Bool

    init?(argument: String) {
        switch argument {
        case "1", "t", "T", "true", "TRUE", "True": value = true
        case "0", "f", "F", "false", "FALSE", "False": value = false
        default: return nil
        }
    }

    static let allValueStrings = ["true", "false"]
}
