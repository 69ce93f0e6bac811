import JSON
import Logging
import NetworkModel

/// One event, ready to be written.
struct LogLine {
    let time: Timestamp
    let level: Logger.Level
    let message: String
    let fields: Logger.Metadata

    func bytes(_ format: LogFormat) -> [UInt8] {
        switch format {
        case .text: Array((text + "\n").utf8)
        case .json: json
        }
    }

    /// The words of dockerd's levels; a notice is an info there.
    private var levelWord: String {
        switch level {
        case .trace: "trace"
        case .debug: "debug"
        case .info, .notice: "info"
        case .warning: "warning"
        case .error: "error"
        case .critical: "fatal"
        }
    }

    private var sortedFields: [(key: String, value: Logger.MetadataValue)] {
        fields.sorted { $0.key < $1.key }.map {
            (Self.reserved.contains($0.key) ? "fields." + $0.key : $0.key, $0.value)
        }
    }

    /// Keys that are the line's own.
    private static let reserved: Set<String> = ["time", "level", "msg"]

    private var text: String {
        var line = "time=\"\(time.rfc3339(offset: time.localOffset))\" level=\(levelWord) msg=\(Self.quoted(message))"
        for (key, value) in sortedFields { line += " \(Self.bare(key))=\(Self.plain(value))" }
        return line
    }

    private var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("time")
            writer.value(time.rfc3339(offset: time.localOffset))
            writer.key("level")
            writer.value(levelWord)
            writer.key("msg")
            writer.value(message)
            for (key, value) in sortedFields {
                writer.key(String(key))
                Self.write(value, to: &writer)
            }
        }
        writer.endLine()
        return writer.bytes
    }

    private static func write(_ value: Logger.MetadataValue, to writer: inout JSONWriter) {
        switch value {
        case .string(let text): writer.value(text)
        case .stringConvertible(let value): writer.value(value.description)
        case .array(let values): writer.array { for value in values { write(value, to: &$0) } }
        case .dictionary(let values): writer.map(values) { write($1, to: &$0) }
        }
    }

    /// A value as it stands, quoted where it would be taken for something else.
    private static func plain(_ value: Logger.MetadataValue) -> String {
        let text = "\(value)"
        let standsAlone = !text.isEmpty && text.utf8.allSatisfy(isBare)
        return standsAlone ? text : quoted(text)
    }

    /// A key without what would end it.
    private static func bare(_ key: String) -> String {
        String(key.unicodeScalars.map { $0.value < 0x80 && !isBare(UInt8($0.value)) ? "_" : Character($0) })
    }

    private static func isBare(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=")
            && byte != UInt8(ascii: "\\")
    }

    /// In double quotes on one line, control characters escaped as JSON does.
    private static func quoted(_ text: String) -> String {
        var writer = JSONWriter()
        writer.value(text)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
