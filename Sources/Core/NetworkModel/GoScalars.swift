import Addressing

/// Go's `strconv` as Docker's option parsers use it: what it takes, and how it refuses.
enum GoScalars {
    /// - Throws: the refusal of `strconv.ParseBool`.
    static func bool(_ text: String) throws(AddressError) -> Bool {
        switch text {
        case "1", "t", "T", "TRUE", "true", "True": true
        case "0", "f", "F", "FALSE", "false", "False": false
        default: throw AddressError("strconv.ParseBool: parsing \(text.goQuoted): invalid syntax")
        }
    }

    /// - Throws: the refusal of `strconv.Atoi`.
    static func int(_ text: String) throws(AddressError) -> Int {
        let digits =
            text.utf8.first.map { [UInt8(ascii: "+"), UInt8(ascii: "-")].contains($0) } == true
            ? text.utf8.dropFirst() : text.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw AddressError("strconv.Atoi: parsing \(text.goQuoted): invalid syntax")
        }
        guard let number = Int(text) else {
            throw AddressError("strconv.Atoi: parsing \(text.goQuoted): value out of range")
        }
        return number
    }
}
