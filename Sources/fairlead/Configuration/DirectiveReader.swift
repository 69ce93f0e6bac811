import Addressing
import JSON
import Logging
import Telemetry

/// Reads directives, whose kinds have been checked, into values; refusals say where the directive was written.
struct DirectiveReader {
    private let values: [String: JSONValue]
    private let file: ConfigurationFile?

    init(_ values: [String: JSONValue], file: ConfigurationFile?) {
        self.values = values
        self.file = file
    }

    /// How the operator wrote it: `--icc`, or `/etc/fairlead/daemon.json: icc`.
    func name(of key: String) -> String {
        if let file, file.directives[key] != nil { return "\(file.path): \(key)" }
        return "--" + (Directive.byKey[key]?.flag ?? key)
    }

    func bool(_ key: String) -> Bool? {
        if case .bool(let truth)? = values[key] { truth } else { nil }
    }

    func text(_ key: String) -> String? {
        if case .string(let text)? = values[key] { text } else { nil }
    }

    func number(_ key: String) -> Int? {
        if case .number(let text)? = values[key] { Int(text) } else { nil }
    }

    func list(_ key: String) -> [String]? {
        guard case .array(let values)? = values[key] else { return nil }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    func value(_ key: String) -> JSONValue? { values[key] }

    /// An absolute path without a slash at its end.
    func path(_ key: String) throws(ConfigurationError) -> String? {
        guard let text = text(key) else { return nil }
        guard text.hasPrefix("/"), text.count > 1 else {
            throw ConfigurationError("\(name(of: key)): \(text.isEmpty ? "\"\"" : text) is not an absolute path")
        }
        var path = Substring(text)
        while path.hasSuffix("/") { path = path.dropLast() }
        return String(path)
    }

    func address(_ key: String, _ family: AddressFamily) throws(ConfigurationError) -> IPAddress? {
        guard let text = text(key), !text.isEmpty else { return nil }
        guard let address = IPAddress(text), address.family == family else {
            throw ConfigurationError("\(name(of: key)): \(text) is not an \(family.name) address")
        }
        return address
    }

    func prefix(_ key: String, _ family: AddressFamily) throws(ConfigurationError) -> IPPrefix? {
        guard let text = text(key), !text.isEmpty else { return nil }
        do throws(AddressError) {
            let prefix = try IPPrefix.parse(text)
            if prefix.family == family { return prefix }
        } catch {
            throw ConfigurationError("\(name(of: key)): \(error.message)")
        }
        throw ConfigurationError("\(name(of: key)): \(text) is not an \(family.name) prefix")
    }

    /// `debug` is the same as the level debug.
    func logLevel() throws(ConfigurationError) -> Logger.Level {
        let level: Logger.Level =
            switch text("log-level")?.lowercased() {
            case nil, "", "info": .info
            case "trace": .trace
            case "debug": .debug
            case "warn", "warning": .warning
            case "error": .error
            case "fatal", "panic": .critical
            case let other?: throw ConfigurationError("\(name(of: "log-level")): invalid logging level: \(other)")
            }
        return bool("debug") == true ? min(level, .debug) : level
    }

    func logFormat() throws(ConfigurationError) -> LogFormat {
        guard let text = text("log-format"), !text.isEmpty else { return .text }
        guard let format = LogFormat(rawValue: text) else {
            throw ConfigurationError("\(name(of: "log-format")): invalid log format: \(text)")
        }
        return format
    }

    /// The oldest version to serve: the directive, then DOCKER_MIN_API_VERSION, then the oldest there is.
    func apiVersion(_ environment: [String: String]) throws(ConfigurationError) -> String {
        let variable = environment["DOCKER_MIN_API_VERSION"].flatMap { $0.isEmpty ? nil : $0 }
        guard let version = text("min-api-version") ?? variable else { return Self.oldestAPIVersion }
        let name = text("min-api-version") == nil ? "DOCKER_MIN_API_VERSION" : name(of: "min-api-version")
        let parts = version.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, parts[0] == 1, let minor = parts[1], 24...56 ~= minor else {
            throw ConfigurationError("\(name): \(version) is not an API version between 1.24 and 1.56")
        }
        return version
    }

    private static let oldestAPIVersion = "1.24"
}

extension AddressFamily {
    /// As people write it.
    fileprivate var name: String {
        switch self {
        case .ipv4: "IPv4"
        case .ipv6: "IPv6"
        }
    }
}
