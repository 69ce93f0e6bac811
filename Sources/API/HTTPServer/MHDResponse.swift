internal import CMicroHTTPD
internal import CShims
internal import HTTPMessage

/// Makes MHD's form of responses.
enum MHDResponse {
    /// Queues a response; nil when MHD has no memory. A stream is marked gone when MHD lets go of it.
    static func queue(
        _ response: Response, on connection: OpaquePointer, toHead: Bool, closing: Bool, pending: PendingAnswer?,
        unread: UnreadAnswers
    ) -> MHD_Result? {
        if !closing, let kept = response.kept {
            let form = kept.value {
                make(response, toHead: false, closing: false, pending: nil, unread: unread).map(ReusableForm.init)
            }
            if let form { return MHD_queue_response(connection, UInt32(response.status), form.response) }
        }
        guard let made = make(response, toHead: toHead, closing: closing, pending: pending, unread: unread) else {
            return nil
        }
        defer { MHD_destroy_response(made) }
        return MHD_queue_response(connection, UInt32(response.status), made)
    }

    /// Bodies above this many bytes are shared with MHD, smaller ones copied (an allocation either way).
    private static let sharedAbove = 4096
    /// Bytes asked of a stream at a time.
    private static let block = 16 << 10

    /// Nil when MHD has no memory. The caller owns the result; a stream is marked gone when MHD lets go of it.
    private static func make(
        _ response: Response, toHead: Bool, closing: Bool, pending: PendingAnswer?, unread: UnreadAnswers
    ) -> OpaquePointer? {
        guard let result = body(of: response, toHead: toHead, pending: pending, unread: unread) else { return nil }
        for field in response.headers.fields where !isOurs(field.name) {
            MHD_add_response_header(result, field.name, field.value)
        }
        if closing { MHD_add_response_header(result, "Connection", "close") }
        return result
    }

    private static func body(
        of response: Response, toHead: Bool, pending: PendingAnswer?, unread: UnreadAnswers
    ) -> OpaquePointer? {
        switch response.body {
        case .empty: return empty()
        case .bytes(let bytes):
            if bytes.isEmpty || !allowsBody(response.status) { return empty() }
            return bytes.count > sharedAbove ? shared(bytes, unread) : copied(bytes)
        case .stream(let stream):
            // MHD 0.9.75 sends a chunked body's end even in answer to HEAD.
            guard let pending, !toHead, allowsBody(response.status) else {
                stream.markGone()
                return empty()
            }
            // Released by releaseReader, which MHD calls with the last reference to the response.
            let reader = Unmanaged.passRetained(StreamReader(stream, pending)).toOpaque()
            return MHD_create_response_from_callback(shim_mhd_size_unknown(), block, readStream, reader, releaseReader)
        }
    }

    private static func empty() -> OpaquePointer? {
        MHD_create_response_from_buffer(0, nil, .RESPMEM_PERSISTENT)
    }

    private static func copied(_ bytes: [UInt8]) -> OpaquePointer? {
        bytes.withUnsafeBytes { buffer in
            MHD_create_response_from_buffer(
                buffer.count, UnsafeMutableRawPointer(mutating: buffer.baseAddress), .RESPMEM_MUST_COPY)
        }
    }

    /// The array's storage is native and never written while the holder keeps a reference to it, so its address stays
    /// valid until releaseBytes.
    private static func shared(_ bytes: [UInt8], _ unread: UnreadAnswers) -> OpaquePointer? {
        let holder = Unmanaged.passRetained(SharedBytes(bytes, unread)).toOpaque()
        let response = bytes.withUnsafeBytes { buffer in
            MHD_create_response_from_buffer_with_free_callback_cls(
                buffer.count, UnsafeMutableRawPointer(mutating: buffer.baseAddress), releaseBytes, holder)
        }
        if response == nil { releaseBytes(holder) }
        return response
    }

    /// RFC 9110 §6.4.1.
    private static func allowsBody(_ status: Int) -> Bool {
        status >= 200 && status != 204 && status != 304
    }

    /// Fields of the framing, which MHD writes.
    static func isOurs(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: name.equalsIgnoringASCIICase("Date")
        case 10: name.equalsIgnoringASCIICase("Connection")
        case 14: name.equalsIgnoringASCIICase("Content-Length")
        case 17: name.equalsIgnoringASCIICase("Transfer-Encoding")
        default: false
        }
    }
}

/// MHD counts the references to a response under a lock of its own, and nobody changes it any more: any thread may queue it.
private final class ReusableForm: @unchecked Sendable {
    let response: OpaquePointer

    init(_ response: OpaquePointer) { self.response = response }

    deinit { MHD_destroy_response(response) }
}

private final class SharedBytes {
    let bytes: [UInt8]
    private let unread: UnreadAnswers

    init(_ bytes: [UInt8], _ unread: UnreadAnswers) {
        self.bytes = bytes
        self.unread = unread
        unread.hold(bytes)
    }

    deinit { unread.letGo(bytes) }
}

private let releaseBytes: @convention(c) (UnsafeMutableRawPointer?) -> Void = { holder in
    if let holder { Unmanaged<SharedBytes>.fromOpaque(holder).release() }
}

/// Hands a stream's bytes to MHD.
private final class StreamReader {
    let stream: ResponseStream
    let pending: PendingAnswer
    /// Whether MHD asks because the connection was resumed.
    private var isResumed = false

    init(_ stream: ResponseStream, _ pending: PendingAnswer) {
        self.stream = stream
        self.pending = pending
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        while true {
            let suspension = pending.suspension
            switch stream.read(limit: buffer.count, onReadable: { suspension.wake() }) {
            case .bytes(let bytes):
                buffer.copyBytes(from: bytes)
                isResumed = false
                return bytes.count
            case .end: return shim_mhd_end_of_stream()
            case .aborted:
                // MHD 0.9.75 forgets to close the socket of a connection that breaks off just after it wrote, until the
                // idle timeout; one that was resumed it does close.
                if isResumed || !suspension.bounce() { return shim_mhd_end_with_error() }
                isResumed = true
                return 0
            case .later:
                switch suspension.park() {
                case .suspended:
                    isResumed = true
                    return 0
                case .signalled: continue
                case .refused: return shim_mhd_end_with_error()
                }
            }
        }
    }
}

private let readStream: @convention(c) (UnsafeMutableRawPointer?, UInt64, UnsafeMutablePointer<CChar>?, Int) -> Int = {
    context, _, buffer, capacity in
    guard let context, let buffer else { return shim_mhd_end_with_error() }
    let reader = Unmanaged<StreamReader>.fromOpaque(context).takeUnretainedValue()
    return reader.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: capacity))
}

private let releaseReader: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
    guard let context else { return }
    Unmanaged<StreamReader>.fromOpaque(context).takeRetainedValue().stream.markGone()
}
