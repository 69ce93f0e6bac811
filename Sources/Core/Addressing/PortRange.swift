/// An inclusive range of TCP, UDP or SCTP ports.
public struct PortRange: Hashable, Comparable, Sendable {
    public let lower: UInt16
    public let upper: UInt16

    /// Nil when the range runs backwards.
    public init?(lower: UInt16, upper: UInt16) {
        guard lower <= upper else { return nil }
        self.lower = lower
        self.upper = upper
    }

    public init(port: UInt16) {
        lower = port
        upper = port
    }

    /// 1 to 65536.
    public var count: Int { Int(upper) - Int(lower) + 1 }

    public func contains(_ port: UInt16) -> Bool { lower <= port && port <= upper }

    public func overlaps(_ other: PortRange) -> Bool { lower <= other.upper && other.lower <= upper }

    /// By the lower port, then the upper.
    public static func < (left: PortRange, right: PortRange) -> Bool {
        (left.lower, left.upper) < (right.lower, right.upper)
    }
}

extension PortRange: CustomStringConvertible, LosslessStringConvertible {
    public init?(_ text: String) {
        guard let range = try? PortRange.parse(text) else { return nil }
        self = range
    }

    /// `8000-8010`, or `8000` for a single port.
    public var description: String { lower == upper ? "\(lower)" : "\(lower)-\(upper)" }

    /// The range in the text, `8000` or `8000-8010`, with the refusals of Docker's port specifications.
    public static func parse(_ text: String) throws(AddressError) -> PortRange {
        if text.isEmpty { throw AddressError("empty string specified for ports") }
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let lower = try parsePort(parts[0], refusal: "invalid start port '\(parts[0])'")
        guard parts.count == 2 else { return PortRange(port: lower) }
        let upper = try parsePort(parts[1], refusal: "invalid end port '\(parts[1])'")
        guard let range = PortRange(lower: lower, upper: upper) else {
            throw AddressError("invalid port range: \(text)")
        }
        return range
    }

    private static func parsePort(_ text: String, refusal: String) throws(AddressError) -> UInt16 {
        if text.isEmpty { throw AddressError("\(refusal): value is empty") }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw AddressError("\(refusal): invalid syntax")
        }
        guard let port = UInt16(text) else { throw AddressError("\(refusal): value out of range (0–65535)") }
        return port
    }
}
