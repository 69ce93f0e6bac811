import Glibc
public import Logging
import Synchronization

/// Where all events of a process go, one line each, and what may be changed while it runs: level and format.
public final class LogOutput: Sendable {
    private struct Settings {
        var level: Logger.Level
        var format: LogFormat
    }

    private let settings: Mutex<Settings>
    /// Held while a line is written, so that lines don't mix.
    private let sink: Mutex<@Sendable ([UInt8]) -> Void>

    /// `write` gets whole lines, one at a time; standard error unless given.
    public init(
        level: Logger.Level = .info, format: LogFormat = .text,
        write: @escaping @Sendable ([UInt8]) -> Void = LogOutput.writeToStandardError
    ) {
        settings = Mutex(Settings(level: level, format: format))
        sink = Mutex(write)
    }

    /// The level below which nothing is written.
    public var level: Logger.Level { settings.withLock { $0.level } }

    /// Applies to all loggers from the next event on, those handed out earlier included.
    public func configure(level: Logger.Level, format: LogFormat) {
        settings.withLock { $0 = Settings(level: level, format: format) }
    }

    /// A logger that writes here.
    public func logger(_ label: String) -> Logger {
        Logger(label: label) { _ in LineLogHandler(output: self) }
    }

    func write(_ line: LogLine) {
        let bytes = line.bytes(settings.withLock { $0.format })
        sink.withLock { $0(bytes) }
    }

    /// Writes all of it, as far as standard error takes it: a log that cannot be written is no reason to stop.
    public static let writeToStandardError: @Sendable ([UInt8]) -> Void = { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var wait = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
                if poll(&wait, 1, 1000) != 1 { return }
            } else if errno != EINTR {
                return
            }
        }
    }
}
