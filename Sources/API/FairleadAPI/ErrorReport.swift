public import JSON

/// The body of every refusal, the same as in Docker's API: `{"message": …}`.
public struct ErrorReport: Sendable, Hashable {
    public let message: String

    public init(message: String) {
        self.message = message
    }

    /// Reads an answer.
    ///
    /// - Throws: what is wrong with it.
    public init(_ bytes: [UInt8]) throws(JSONError) {
        let context = DecodeContext()
        let reader = StructReader(try JSON.parse(bytes), goType: "ErrorReport", context: context)
        message = reader.string("message") ?? ""
        try context.finish()
    }

    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("message")
            writer.value(message)
        }
        writer.endLine()
        return writer.bytes
    }
}
