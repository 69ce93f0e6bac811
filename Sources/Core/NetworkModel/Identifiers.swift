/// 64 lower-case hexadecimal digits: what networks, endpoints, containers and sandboxes are known by.
public struct ObjectID: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let text: String

    /// Nil unless `text` is 64 lower-case hexadecimal digits.
    public init?(_ text: String) {
        guard text.utf8.count == 64, text.utf8.allSatisfy(Self.isDigit) else { return nil }
        self.text = text
    }

    private init(trusted text: String) {
        self.text = text
    }

    /// Never all digits in its first twelve, so that the short form cannot be taken for a number (moby `stringid`).
    public static func random(using generator: inout some RandomNumberGenerator) -> ObjectID {
        while true {
            let digits = (0..<4).flatMap { _ in Self.hexadecimal(generator.next()) }
            if digits.prefix(12).contains(where: { $0 > UInt8(ascii: "9") }) {
                return ObjectID(trusted: String(decoding: digits, as: UTF8.self))
            }
        }
    }

    public static func random() -> ObjectID {
        var generator = SystemRandomNumberGenerator()
        return random(using: &generator)
    }

    /// The first twelve digits: what people see and type.
    public var short: String { String(text.prefix(12)) }
    public var description: String { text }

    public static func < (left: ObjectID, right: ObjectID) -> Bool { left.text < right.text }

    /// Whether an id could begin with this text.
    public static func isPrefix(_ text: String) -> Bool {
        text.utf8.count <= 64 && text.utf8.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func hexadecimal(_ word: UInt64) -> [UInt8] {
        (0..<16).map { place in
            let digit = UInt8(truncatingIfNeeded: word >> (4 * UInt64(place))) & 15
            return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
        }
    }
}
