import Addressing
import NetworkModel

/// Unix time as Docker's clients send it: `seconds[.nanoseconds]`.
enum UnixTime {
    /// - Throws: Go's refusal of the part that is no number, `strconv.ParseInt: parsing "x": invalid syntax`.
    static func parse(_ text: String) throws(TextError) -> Timestamp {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let seconds = try integer(parts[0])
        var nanoseconds: Int64 = 0
        if parts.count == 2 {
            let digits = try integer(parts[1])
            nanoseconds = scale(digits, places: parts[1].utf8.count)
        }
        return moment(seconds: seconds, nanoseconds: nanoseconds)
    }

    private static func integer(_ text: String) throws(TextError) -> Int64 {
        guard let number = Int64(text) else {
            throw TextError(message: "strconv.ParseInt: parsing \(text.goQuoted): \(text.goIntegerRefusal)")
        }
        return number
    }

    /// A fraction of that many digits in nanoseconds.
    private static func scale(_ digits: Int64, places: Int) -> Int64 {
        var value = Double(digits)
        for _ in places..<max(places, 9) { value *= 10 }
        for _ in 9..<max(places, 9) { value /= 10 }
        return Int64(value)
    }

    /// The moment, or the first or last there is (in the years 1677 and 2262) where it lies beyond.
    static func moment(seconds: Int64, nanoseconds: Int64) -> Timestamp {
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return Timestamp(nanoseconds: seconds < 0 ? .min + 1 : .max) }
        let (sum, again) = whole.addingReportingOverflow(nanoseconds)
        return Timestamp(nanoseconds: again ? (nanoseconds < 0 ? .min + 1 : .max) : max(sum, .min + 1))
    }
}

/// A text that isn't what it should be, in Go's words.
struct TextError: Error, Equatable {
    let message: String
}
