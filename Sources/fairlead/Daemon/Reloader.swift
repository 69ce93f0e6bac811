import Engine
import Logging
import NetworkModel
import Synchronization
import Telemetry

/// Reads the configuration again, whole or not at all (DESIGN section 7).
final class Reloader: Sendable {
    private let current: Mutex<DaemonConfiguration>
    private let reading: ConfigurationReading
    private let output: LogOutput
    private let engine: Engine
    private let logger: Logger

    init(
        _ configuration: DaemonConfiguration, reading: ConfigurationReading, output: LogOutput, engine: Engine,
        logger: Logger
    ) {
        current = Mutex(configuration)
        self.reading = reading
        self.output = output
        self.engine = engine
        self.logger = logger
    }

    func reload() async {
        let new: DaemonConfiguration
        do {
            new = try reading.read()
        } catch {
            return logger.error("the configuration is not reloaded", metadata: ["error": "\(error)"])
        }
        let old = current.withLock { $0 }
        let (applied, restart) = old.changes(to: new)
        output.configure(level: new.logLevel, format: new.logFormat)
        for warning in new.warnings { logger.warning("\(warning)") }
        if !restart.isEmpty {
            logger.warning(
                "these directives have changed and need a restart",
                metadata: ["directives": "\(restart.joined(separator: ", "))"])
        }
        logger.info("reloaded the configuration", metadata: ["changed": "\(applied.joined(separator: ", "))"])
        // What needs a restart stays as it was, so that the next reload still tells of it.
        if restart.isEmpty { current.withLock { $0 = new } }
        await engine.reload(
            labels: new.engine.labels, defaultAddressPools: new.engine.defaultAddressPools, isDebug: new.engine.isDebug)
    }
}
