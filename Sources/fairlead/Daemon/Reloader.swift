import Engine
import HTTPServer
import JSON
import Logging
import NetworkModel
import Synchronization
import Telemetry

/// Reads the configuration again, whole or not at all (DESIGN section 7).
final class Reloader: Sendable {
    /// What is in force, by key.
    private let directives: Mutex<[String: JSONValue]>
    /// Where the certificates are read from; other files need a restart.
    private let tls: DaemonConfiguration.TLSFiles?
    private let reading: ConfigurationReading
    private let output: LogOutput
    private let engine: Engine
    private let server: Server
    private let logger: Logger

    init(
        _ configuration: DaemonConfiguration, reading: ConfigurationReading, output: LogOutput, engine: Engine,
        server: Server, logger: Logger
    ) {
        directives = Mutex(configuration.directives)
        tls = configuration.tls
        self.reading = reading
        self.output = output
        self.engine = engine
        self.server = server
        self.logger = logger
    }

    func reload() async {
        let new: DaemonConfiguration
        do {
            new = try reading.read()
            if let tls { try server.renew(Listeners.identity(tls)) }
        } catch {
            return logger.error("the configuration is not reloaded", metadata: ["error": "\(error)"])
        }
        // What needs a restart stays as it was, so that the next reload still tells of it.
        let (applied, restart) = directives.withLock { directives in
            let changes = new.changes(from: directives)
            directives = changes.inForce
            return (changes.applied, changes.restart)
        }
        output.configure(level: new.logLevel, format: new.logFormat)
        for warning in new.warnings { logger.warning("\(warning)") }
        if !restart.isEmpty {
            logger.warning(
                "these directives have changed and need a restart",
                metadata: ["directives": "\(restart.joined(separator: ", "))"])
        }
        logger.info("reloaded the configuration", metadata: ["changed": "\(applied.joined(separator: ", "))"])
        await engine.reload(
            labels: new.engine.labels, defaultAddressPools: new.engine.defaultAddressPools, isDebug: new.engine.isDebug)
    }
}
