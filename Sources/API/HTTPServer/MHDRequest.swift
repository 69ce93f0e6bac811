internal import CMicroHTTPD
internal import HTTPMessage

/// Method and version as MHD hands them over: valid during the call only.
struct MHDRequestLine {
    let rawMethod: UnsafePointer<CChar>?
    let rawVersion: UnsafePointer<CChar>?

    var method: String { rawMethod.map { String(cString: $0) } ?? "" }

    var isHTTP10: Bool { rawVersion.map { String(cString: $0) == "HTTP/1.0" } ?? false }
}

extension Headers {
    /// The header fields of the connection's request, in order; bytes that are not UTF-8 are replaced.
    init(of connection: OpaquePointer) {
        var fields: [Field] = []
        fields.reserveCapacity(8)
        withUnsafeMutablePointer(to: &fields) { pointer in
            _ = MHD_get_connection_values_n(connection, .HEADER_KIND, appendField, pointer)
        }
        self.init(fields)
    }
}

private let appendField:
    @convention(c) (
        UnsafeMutableRawPointer?, MHD_ValueKind, UnsafePointer<CChar>?, Int, UnsafePointer<CChar>?, Int
    ) -> MHD_Result = { context, _, name, nameLength, value, valueLength in
        guard let context else { return .NO }
        let fields = context.assumingMemoryBound(to: [Headers.Field].self)
        fields.pointee.append(
            Headers.Field(name: text(name, nameLength), value: text(value, valueLength)))
        return .YES
    }

private func text(_ pointer: UnsafePointer<CChar>?, _ count: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: pointer, count: pointer == nil ? 0 : count), as: UTF8.self)
}
