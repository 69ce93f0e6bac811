internal import CShims
internal import Logging
internal import Synchronization

/// MHD's log lines: at debug level, for most of them tell of what clients do. The last one explains a failed start.
final class MHDLog: Sendable {
    private let logger: Logger
    private let latest = Mutex<String?>(nil)
    /// Lives as long as this object, which lives as long as the daemon.
    private nonisolated(unsafe) let sink: UnsafeMutablePointer<shim_mhd_log>

    init(_ logger: Logger) {
        self.logger = logger
        sink = .allocate(capacity: 1)
        sink.initialize(to: shim_mhd_log(write: writeLine, context: nil))
        sink.pointee.context = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        sink.deallocate()
    }

    var last: String? { latest.withLock(\.self) }

    func withSink<Result>(_ body: (UnsafePointer<shim_mhd_log>) -> Result) -> Result {
        body(sink)
    }

    fileprivate func write(_ line: String) {
        var text = line
        while text.last?.isWhitespace == true { text.removeLast() }
        latest.withLock { $0 = text }
        logger.debug("libmicrohttpd: \(text)")
    }
}

private let writeLine: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?) -> Void = { context, line in
    guard let context, let line else { return }
    Unmanaged<MHDLog>.fromOpaque(context).takeUnretainedValue().write(String(cString: line))
}
