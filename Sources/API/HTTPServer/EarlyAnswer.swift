internal import CMicroHTTPD
internal import CShims
internal import Glibc
internal import HTTPMessage

/// An answer in the middle of a request body. MHD takes none there, so it is written past MHD: as much as the socket
/// takes at once, then the writing side is closed. On MHD's thread.
enum EarlyAnswer {
    /// How much of the rest of the body is read and thrown away, so that the client gets to read the answer before the
    /// connection is reset.
    static let lingering = 4 << 20

    /// False when the answer has no fixed bytes.
    static func send(_ response: Response, on connection: OpaquePointer) -> Bool {
        let content: [UInt8]
        switch response.body {
        case .empty: content = []
        case .bytes(let bytes): content = bytes
        case .stream(let stream):
            stream.markGone()
            return false
        }
        let message = head(of: response, length: content.count) + content
        let descriptor = shim_mhd_connection_fd(connection)
        if let session = shim_mhd_tls_session(connection) {
            write(message) { shim_tls_send(session, $0, $1) }
            shim_tls_end_writing(session)
        } else {
            write(message) { Glibc.send(descriptor, $0, $1, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) }
        }
        shutdown(descriptor, Int32(SHUT_WR))
        return true
    }

    private static func head(of response: Response, length: Int) -> [UInt8] {
        let reason = MHD_get_reason_phrase_for(UInt32(response.status)).map { String(cString: $0) } ?? "Unknown"
        var text = "HTTP/1.1 \(response.status) \(reason)\r\n"
        for field in response.headers.fields where !MHDResponse.isOurs(field.name) && isOneLine(field) {
            text += "\(field.name): \(field.value)\r\n"
        }
        text += "Date: \(date())\r\nContent-Length: \(length)\r\nConnection: close\r\n\r\n"
        return Array(text.utf8)
    }

    /// MHD drops other fields, too.
    private static func isOneLine(_ field: Headers.Field) -> Bool {
        !(field.name + field.value).utf8.contains { $0 == 0x0D || $0 == 0x0A }
    }

    /// RFC 9110 §5.6.7. No process of ours leaves the C locale.
    private static func date() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        var text = [CChar](repeating: 0, count: 40)
        let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func write(_ bytes: [UInt8], _ send: (UnsafeRawPointer, Int) -> Int) {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
                let count = send(start, rest.count)
                if count <= 0 { return }
                rest = rest.dropFirst(count)
            }
        }
    }
}
