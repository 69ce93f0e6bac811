import JSON

@testable import fairlead

extension FuzzTarget {
    /// `daemon.json`: it is taken, or refused with the file's name.
    static let configuration = FuzzTarget("configuration") { input in
        let path = "/etc/daemon.json"
        do throws(ConfigurationError) {
            let file = try ConfigurationFile(path: path, contents: Array(input))
            let configuration = try DaemonConfiguration(program: .fairlead, flags: [:], file: file, environment: [:])
            require(!configuration.hosts.isEmpty, "nowhere to listen")
            let changes = configuration.changes(from: configuration.directives)
            require(changes.applied.isEmpty && changes.restart.isEmpty, "a configuration unlike itself")
        } catch {
            require(error.message.contains(path), "the refusal does not name the file: \(error.message)")
        }
    }

    /// The words of a command line, one a line, as far as they are ours to read; the rest is the argument parser's.
    static let flags = FuzzTarget("flags") { input in
        let text = String(decoding: input, as: UTF8.self)
        let words = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let arguments = ServeArguments(words)
        require(arguments.words.count + arguments.foreign.count <= words.count, "more words than there were")
        for flag in arguments.foreign {
            _ = accepted { () throws(ConfigurationError) in try flag.directive.judge(flag.value, name: "--x") }
        }
        let values = words.map { $0.split(separator: "=", maxSplits: 1).last.map(String.init) ?? "" }
        var flags: [String: JSONValue] = [:]
        flags["default-address-pools"] = accepted { () throws(ConfigurationError) in try PoolText.array(of: values) }
        flags["default-network-opts"] = accepted { () throws(ConfigurationError) in
            try DriverOptionText.object(of: values)
        }
        for (key, value) in flags {
            require(Directive.byKey[key]?.kind.problem(with: value) == nil, "the flag of \(key) gives another kind")
        }
        for each in Directive.all where each.kind == .text || each.kind == .list {
            flags[each.key] = each.kind == .text ? .string(values[0]) : .array(values.map(JSONValue.string))
        }
        _ = accepted { () throws(ConfigurationError) in
            try DaemonConfiguration(program: .dockerd, flags: flags, file: nil, environment: [:])
        }
    }
}
