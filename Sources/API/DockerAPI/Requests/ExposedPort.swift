import Addressing

/// A port that a container exposes: `80/tcp`.
enum ExposedPort {
    /// In one form: protocol in lower case, tcp where none is given.
    ///
    /// - Throws: what Docker refuses the JSON with, `invalid port 'abc': invalid syntax`.
    static func normalize(_ text: String) throws(AddressError) -> String {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let port = parts[0]
        if port.isEmpty { throw AddressError("invalid port '': value is empty") }
        guard port.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw AddressError("invalid port '\(port)': invalid syntax")
        }
        guard let number = UInt16(port) else { throw AddressError("invalid port '\(port)': value out of range") }
        let proto = parts.count == 2 && !parts[1].isEmpty ? parts[1].lowercased() : "tcp"
        return "\(number)/\(proto)"
    }
}
