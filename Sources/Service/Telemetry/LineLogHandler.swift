public import Logging
import NetworkModel

/// swift-log's handler for a `LogOutput`: the event's own metadata wins over the logger's, and that over the provider's.
public struct LineLogHandler: LogHandler {
    private let output: LogOutput
    /// Set on one logger only; nil follows the output.
    private var ownLevel: Logger.Level?

    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    public init(output: LogOutput) {
        self.output = output
    }

    public var logLevel: Logger.Level {
        get { ownLevel ?? output.level }
        set { ownLevel = newValue }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var fields = metadataProvider?.get() ?? [:]
        fields.merge(metadata) { $1 }
        if let own = event.metadata { fields.merge(own) { $1 } }
        if let error = event.error { fields["error"] = "\(error)" }
        output.write(LogLine(time: .now(), level: event.level, message: event.message.description, fields: fields))
    }
}
