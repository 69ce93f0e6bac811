/// Go's durations, `1h30m`, `1.5s`, `-2us`.
enum GoDuration {
    /// In nanoseconds; nil for a text that Go's `time.ParseDuration` refuses.
    static func parse(_ text: String) -> Int64? {
        var rest = text[...].utf8
        var sign: Double = 1
        if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            sign = first == UInt8(ascii: "-") ? -1 : 1
            rest.removeFirst()
        }
        if rest.elementsEqual("0".utf8) { return 0 }
        if rest.isEmpty { return nil }
        var total = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".") }
            rest = rest[number.endIndex...]
            let unit = rest.prefix {
                !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) && $0 != UInt8(ascii: ".")
            }
            rest = rest[unit.endIndex...]
            guard let value = decimal(Substring(number)), let scale = units[String(Substring(unit))] else { return nil }
            total += value * scale
        }
        return total <= 9.2e18 ? Int64(sign * total) : nil
    }

    /// Digits with at most one dot among them, and at least one digit.
    private static func decimal(_ text: Substring) -> Double? {
        guard text.contains(where: { $0 != "." }), text.count(where: { $0 == "." }) <= 1 else { return nil }
        return Double(text.contains(".") ? "0" + text + "0" : text)
    }

    private static let units: [String: Double] = [
        "ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
    ]
}
