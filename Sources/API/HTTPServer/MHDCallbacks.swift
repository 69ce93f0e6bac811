internal import CMicroHTTPD
internal import CShims
internal import HTTPMessage

/// The functions MHD calls, all on the connection's thread. `nonisolated` values, so that no actor is assumed there.
enum MHDCallbacks {
    typealias Context = UnsafeMutableRawPointer

    /// The request line is there: begins an exchange, with the raw target (MHD's own `url` is decoded and cut at NUL).
    static let requestLine: @convention(c) (Context?, UnsafePointer<CChar>?, OpaquePointer?) -> Context? = {
        context, target, connection in
        guard let context, let target, let connection else { return nil }
        let server = Unmanaged<ListenerDaemon>.fromOpaque(context).takeUnretainedValue()
        let exchange = Exchange(target: String(cString: target), connection: connection, server: server)
        // Released by `completed`, which MHD calls for every request whose line it has reported.
        return Unmanaged.passRetained(exchange).toOpaque()
    }

    static let access:
        @convention(c) (
            Context?, OpaquePointer?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?,
            UnsafePointer<CChar>?, UnsafeMutablePointer<Int>?, UnsafeMutablePointer<Context?>?
        ) -> MHD_Result = { _, _, _, method, version, upload, count, exchange in
            guard let count, let exchange = exchange?.pointee else { return .NO }
            return Unmanaged<Exchange>.fromOpaque(exchange).takeUnretainedValue().proceed(
                MHDRequestLine(rawMethod: method, rawVersion: version), upload: upload, count: &count.pointee)
        }

    static let completed:
        @convention(c) (
            Context?, OpaquePointer?, UnsafeMutablePointer<Context?>?, MHD_RequestTerminationCode
        ) -> Void = { _, _, slot, _ in
            guard let slot, let exchange = slot.pointee else { return }
            slot.pointee = nil
            Unmanaged<Exchange>.fromOpaque(exchange).takeRetainedValue().end()
        }

    static let connection:
        @convention(c) (
            Context?, OpaquePointer?, UnsafeMutablePointer<Context?>?, MHD_ConnectionNotificationCode
        ) -> Void = { _, connection, slot, code in
            guard let connection, let slot else { return }
            switch code {
            case .CONNECTION_NOTIFY_STARTED:
                let context = ConnectionContext(descriptor: shim_mhd_connection_fd(connection))
                slot.pointee = Unmanaged.passRetained(context).toOpaque()
            case .CONNECTION_NOTIFY_CLOSED:
                guard let context = slot.pointee else { return }
                slot.pointee = nil
                Unmanaged<ConnectionContext>.fromOpaque(context).release()
            @unknown default: return
            }
        }
}
