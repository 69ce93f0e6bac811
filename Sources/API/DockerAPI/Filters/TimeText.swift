import Addressing
import NetworkModel

/// A moment as the prune filters take it: a Go duration back from now, Unix time, or a form of RFC 3339 that may leave
/// out the time's end and the zone (moby `timestamp.GetTimestamp`).
enum TimeText {
    /// - Throws: 400 in moby's words.
    static func parse(_ text: String, now: Timestamp) throws(APIError) -> Timestamp {
        if text.isEmpty { throw .badRequest("failed to parse value as time or duration: value is empty") }
        if let duration = GoDuration.parse(text), text != "0" {
            let (moment, overflow) = now.nanoseconds.subtractingReportingOverflow(duration)
            return Timestamp(nanoseconds: overflow ? (duration > 0 ? .min + 1 : .max) : moment)
        }
        if let moment = date(text, now: now) { return moment }
        if text.contains("-") {
            throw .badRequest("parsing time \(text.goQuoted): not a date or time of RFC 3339")
        }
        guard let moment = try? UnixTime.parse(text) else {
            throw .badRequest("failed to parse value as time or duration: \(text.goQuoted)")
        }
        return moment
    }

    private static func date(_ text: String, now: Timestamp) -> Timestamp? {
        var scanner = DateScanner(text)
        guard let year = scanner.number(4), scanner.take("-"), let month = scanner.number(2), (1...12).contains(month),
            scanner.take("-"), let day = scanner.number(2), (1...daysIn(month, of: year)).contains(day)
        else { return nil }
        var seconds = CivilDay.number(year: year, month: month, day: day) * 86_400
        var nanoseconds: Int64 = 0
        if scanner.take("T") {
            guard let hour = scanner.number(2), hour < 24 else { return nil }
            seconds += Int64(hour) * 3600
            if scanner.take(":") {
                guard let minute = scanner.number(2), minute < 60 else { return nil }
                seconds += Int64(minute) * 60
                if scanner.take(":") {
                    guard let second = scanner.number(2), second < 60 else { return nil }
                    seconds += Int64(second)
                    nanoseconds = scanner.fraction()
                }
            }
        }
        guard let offset = scanner.zone(default: now.localOffset), scanner.isAtEnd else { return nil }
        return UnixTime.moment(seconds: seconds - Int64(offset), nanoseconds: nanoseconds)
    }

    private static func daysIn(_ month: Int, of year: Int) -> Int {
        switch month {
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Hinnant, `days_from_civil`).
private enum CivilDay {
    static func number(year: Int, month: Int, day: Int) -> Int64 {
        let year = Int64(month <= 2 ? year - 1 : year)
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

/// Reads the parts of an RFC 3339 text.
private struct DateScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let first = rest.first, UInt32(first) == character.value else { return false }
        rest.removeFirst()
        return true
    }

    /// Exactly that many digits.
    mutating func number(_ digits: Int) -> Int? {
        let part = rest.prefix(digits)
        guard part.count == digits, part.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        rest.removeFirst(digits)
        return Int(Substring(part))
    }

    /// `.25` in nanoseconds; 0 where there is none.
    mutating func fraction() -> Int64 {
        guard take(".") else { return 0 }
        var result: Int64 = 0
        var scale: Int64 = 100_000_000
        while let digit = number(1) {
            result += Int64(digit) * scale
            scale /= 10
        }
        return result
    }

    /// `Z`, `+02:00` or nothing, in seconds east of UTC.
    mutating func zone(default offset: Int) -> Int? {
        if rest.isEmpty { return offset }
        if take("Z") || take("z") { return 0 }
        let sign = take("+") ? 1 : take("-") ? -1 : 0
        guard sign != 0, let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60 else {
            return nil
        }
        return sign * (hours * 3600 + minutes * 60)
    }
}
