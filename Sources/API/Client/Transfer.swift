import CCurl
import CShims

/// One libcurl easy handle and what it has received.
final class Transfer {
    private final class Received {
        var head: [UInt8] = []
        var body: [UInt8] = []
    }

    private let handle: UnsafeMutableRawPointer
    private let received = Received()

    /// Refuses bodies beyond this many bytes.
    private static let limit = 256 << 20

    init?() {
        guard let handle = curl_easy_init() else { return nil }
        self.handle = handle
        let context = Unmanaged.passUnretained(received).toOpaque()
        _ = shim_curl_set_sink(handle, Int32(CURLOPT_WRITEFUNCTION.rawValue), takeBody)
        _ = shim_curl_set_pointer(handle, Int32(CURLOPT_WRITEDATA.rawValue), context)
        _ = shim_curl_set_sink(handle, Int32(CURLOPT_HEADERFUNCTION.rawValue), takeHead)
        _ = shim_curl_set_pointer(handle, Int32(CURLOPT_HEADERDATA.rawValue), context)
        // Signals and their handlers are the program's business.
        set(CURLOPT_NOSIGNAL, number: 1)
    }

    deinit { curl_easy_cleanup(handle) }

    func set(_ option: CURLoption, text: String) {
        _ = shim_curl_set_text(handle, Int32(option.rawValue), text)
    }

    func set(_ option: CURLoption, number: Int) {
        _ = shim_curl_set_number(handle, Int32(option.rawValue), number)
    }

    /// Runs the transfer; with a body, as JSON.
    func perform(body: [UInt8]?) -> CURLcode {
        // Without `Expect`, curl would wait for a 100 before larger bodies.
        var fields = curl_slist_append(nil, "Expect:")
        if body != nil { fields = curl_slist_append(fields, "Content-Type: application/json") }
        defer { curl_slist_free_all(fields) }
        _ = shim_curl_set_pointer(handle, Int32(CURLOPT_HTTPHEADER.rawValue), fields)
        guard let body else { return curl_easy_perform(handle) }
        return body.withUnsafeBytes { bytes in
            set(CURLOPT_POSTFIELDSIZE, number: bytes.count)
            // The pointer is only read, and only until the transfer ends. An empty body needs one, too.
            var nothing: UInt8 = 0
            return withUnsafeMutablePointer(to: &nothing) { empty in
                let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress) ?? UnsafeMutableRawPointer(empty)
                _ = shim_curl_set_pointer(handle, Int32(CURLOPT_POSTFIELDS.rawValue), start)
                return curl_easy_perform(handle)
            }
        }
    }

    /// The errno of a connection that failed, or 0.
    var systemError: Int32 { Int32(truncatingIfNeeded: number(CURLINFO_OS_ERRNO)) }

    func words(for code: CURLcode) -> String { String(cString: curl_easy_strerror(code)) }

    var response: ClientResponse {
        ClientResponse(
            status: number(CURLINFO_RESPONSE_CODE), headers: Self.fields(of: received.head), body: received.body,
            peer: peer)
    }

    private var peer: Int32? {
        let socket = shim_curl_socket(handle)
        var process: Int32 = 0
        var user: UInt32 = 0
        guard socket >= 0, shim_peer_credentials(socket, &process, &user) == 0, process > 0 else { return nil }
        return process
    }

    private func number(_ info: CURLINFO) -> Int {
        var value = 0
        _ = shim_curl_get_number(handle, Int32(bitPattern: info.rawValue), &value)
        return value
    }

    /// The header fields of the last head received: interim ones (RFC 9110 section 15.2) come before.
    private static func fields(of head: [UInt8]) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        for line in head.split(separator: 0x0A) {
            let text = String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
            if text.hasPrefix("HTTP/") { fields = [] }
            guard let colon = text.firstIndex(of: ":"), !text.hasPrefix("HTTP/") else { continue }
            let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            fields.append((String(text[..<colon]), String(value)))
        }
        return fields
    }

    fileprivate static func append(
        _ bytes: UnsafeMutablePointer<CChar>, _ count: Int, _ context: UnsafeMutableRawPointer?,
        isHead: Bool
    ) -> Int {
        guard let context else { return 0 }
        let received = Unmanaged<Received>.fromOpaque(context).takeUnretainedValue()
        guard received.body.count + received.head.count + count <= limit else { return 0 }
        let chunk = UnsafeRawBufferPointer(start: bytes, count: count)
        if isHead { received.head += chunk } else { received.body += chunk }
        return count
    }
}

/// Called by libcurl on the thread that performs the transfer.
private let takeBody: shim_curl_sink = { bytes, size, count, context in
    Transfer.append(bytes, size * count, context, isHead: false)
}

private let takeHead: shim_curl_sink = { bytes, size, count, context in
    Transfer.append(bytes, size * count, context, isHead: true)
}
