import Glibc

/// A moment, in nanoseconds since the Unix epoch; `zero` stands for Go's zero time, "never".
public struct Timestamp: Sendable, Hashable, Comparable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// `0001-01-01T00:00:00Z`.
    public static let zero = Timestamp(nanoseconds: .min)

    public var isZero: Bool { self == .zero }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The system's real-time clock.
    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Whole seconds since the epoch, rounded down.
    public var seconds: Int64 { floored(by: 1_000_000_000).quotient }

    private func floored(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    /// RFC 3339 with nanoseconds, trailing zeros of the fraction left out, as Go's `time.RFC3339Nano` prints it; `offset`
    /// is the local time's from UTC, in seconds, east positive.
    public func rfc3339(offset: Int = 0) -> String {
        if isZero { return "0001-01-01T00:00:00Z" }
        let (seconds, fraction) = floored(by: 1_000_000_000)
        let local = seconds + Int64(offset)
        let days = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
        let second = Int(local - days * 86_400)
        let date = CivilDate(daysSinceEpoch: days)
        let time = "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T\(time)"
            + Self.fraction(fraction) + Self.zone(offset)
    }

    /// The local offset from UTC at this moment, in seconds.
    public var localOffset: Int {
        if isZero { return 0 }
        var time = time_t(seconds)
        var parts = tm()
        localtime_r(&time, &parts)
        return parts.tm_gmtoff
    }

    private static func fraction(_ nanoseconds: Int64) -> String {
        guard nanoseconds > 0 else { return "" }
        var digits = padded(Int(nanoseconds), 9)
        while digits.hasSuffix("0") { digits.removeLast() }
        return "." + digits
    }

    private static func zone(_ offset: Int) -> String {
        guard offset != 0 else { return "Z" }
        let minutes = abs(offset) / 60
        return (offset < 0 ? "-" : "+") + padded(minutes / 60, 2) + ":" + padded(minutes % 60, 2)
    }
}

private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
