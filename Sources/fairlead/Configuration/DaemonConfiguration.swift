import Engine
import HTTPServer
import JSON
import Logging
import Telemetry

/// Everything an operator decides, from flags and file, checked.
struct DaemonConfiguration: Sendable {
    /// Where TLS listeners find their PEM files.
    struct TLSFiles: Hashable, Sendable {
        /// The CA of the clients; nil with `--tls` alone.
        var authority: String?
        var certificate: String
        var key: String
    }

    let program: Program
    let hosts: [ListenerAddress]
    let dataRoot: String
    let execRoot: String
    let pidFile: String
    let group: SocketGroup
    let logLevel: Logger.Level
    let logFormat: LogFormat
    /// Nil: TCP is plain.
    let tls: TLSFiles?
    let minimumAPIVersion: String
    let engine: EngineConfiguration
    /// Whether containers outlive the daemon.
    let keepsContainers: Bool
    /// What flags and file say, by key, to compare with the next reading.
    let directives: [String: JSONValue]
    let warnings: [String]

    /// Checks everything and throws the first thing that is wrong. `flags` are by key; of the environment,
    /// DOCKER_MIN_API_VERSION, DOCKER_CERT_PATH and HOME count; `warnings` are about flags that change nothing.
    init(
        program: Program, flags: [String: JSONValue], file: ConfigurationFile?, environment: [String: String],
        warnings: [String] = []
    ) throws(ConfigurationError) {
        if let file { try Self.refuseConflicts(flags, file) }
        let directives = flags.merging(file?.directives ?? [:]) { flag, _ in flag }
        let reader = DirectiveReader(directives, file: file)
        self.program = program
        self.directives = directives
        self.warnings = warnings + (file?.warnings ?? [])
        dataRoot = try reader.path("data-root") ?? program.dataRoot
        execRoot = try reader.path("exec-root") ?? program.execRoot
        pidFile = try reader.path("pidfile") ?? program.pidFile(execRoot: execRoot)
        tls = Self.tls(reader, environment)
        hosts = try Self.hosts(reader, tls: tls != nil, program)
        group =
            switch reader.text("group") {
            case nil: .preferred("docker")
            case ""?: .own
            case let name?: .required(name)
            }
        logLevel = try reader.logLevel()
        logFormat = try reader.logFormat()
        minimumAPIVersion = try reader.apiVersion(environment)
        keepsContainers = program == .fairlead || reader.bool("live-restore") ?? false
        engine = try reader.engine(program, dataRoot: dataRoot, execRoot: execRoot)
    }

    /// dockerd's words: a directive is given once.
    private static func refuseConflicts(
        _ flags: [String: JSONValue], _ file: ConfigurationFile
    ) throws(ConfigurationError) {
        let conflicts = flags.keys.sorted().compactMap { key -> String? in
            guard let flag = flags[key], let other = file.directives[key] else { return nil }
            return "\(key): (from flag: \(flag.flagText), from file: \(other.flagText))"
        }
        guard conflicts.isEmpty else {
            throw ConfigurationError(
                "unable to configure the daemon with file \(file.path): the following directives are specified both as a "
                    + "flag and in the configuration file: \(conflicts.joined(separator: ", "))")
        }
    }

    private static func hosts(
        _ reader: DirectiveReader, tls: Bool, _ program: Program
    ) throws(ConfigurationError) -> [ListenerAddress] {
        var addresses: [ListenerAddress] = []
        // One host that is empty means the default, as in dockerd.
        for text in reader.list("hosts") ?? [""] {
            do throws(ListenError) {
                let address = try ListenerAddress.parse(text, tls: tls, defaultSocket: program.socket)
                if !addresses.contains(address) { addresses.append(address) }
            } catch {
                throw ConfigurationError("\(reader.name(of: "hosts")): \(error)")
            }
        }
        return addresses
    }

    private static func tls(_ reader: DirectiveReader, _ environment: [String: String]) -> TLSFiles? {
        let verify = reader.bool("tlsverify") ?? false
        guard verify || reader.bool("tls") ?? false else { return nil }
        let folder =
            environment["DOCKER_CERT_PATH"].flatMap { $0.isEmpty ? nil : $0 }
            ?? (environment["HOME"] ?? "/root") + "/.docker"
        return TLSFiles(
            authority: verify ? reader.text("tlscacert") ?? folder + "/ca.pem" : nil,
            certificate: reader.text("tlscert") ?? folder + "/cert.pem",
            key: reader.text("tlskey") ?? folder + "/key.pem")
    }

    /// The keys whose values differ from what was in force, sorted: those that SIGHUP applies, and those that need a
    /// restart; and what is in force afterwards.
    func changes(
        from old: [String: JSONValue]
    ) -> (applied: [String], restart: [String], inForce: [String: JSONValue]) {
        let changed = Directive.all.filter { directives[$0.key] != old[$0.key] }
        let keys = { (wanted: Bool) in changed.filter { $0.isReloadable == wanted }.map(\.key).sorted() }
        var inForce = old
        for key in keys(true) { inForce[key] = directives[key] }
        return (keys(true), keys(false), inForce)
    }
}
