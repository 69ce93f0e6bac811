import Kernel

/// What is chosen at first start and kept in the store: the host's id and the link groups.
struct HostSettings {
    let id: String
    let groups: LinkGroups
    /// What has just been chosen, to be kept.
    let new: [String: String]

    private static let idKey = "host.id"
    private static let ownedKey = "links.owned"
    private static let doomedKey = "links.doomed"

    /// Takes them from the store's settings, or makes them: `choose` is asked only when the groups have yet to be chosen.
    init(_ stored: [String: String], choose: () async throws -> LinkGroups) async throws {
        var new: [String: String] = [:]
        if let id = stored[Self.idKey] {
            self.id = id
        } else {
            id = Self.uuid()
            new[Self.idKey] = id
        }
        if let owned = stored[Self.ownedKey].flatMap(UInt32.init),
            let doomed = stored[Self.doomedKey].flatMap(UInt32.init)
        {
            groups = LinkGroups(owned: owned, doomed: doomed)
        } else {
            groups = try await choose()
            new[Self.ownedKey] = "\(groups.owned)"
            new[Self.doomedKey] = "\(groups.doomed)"
        }
        self.new = new
    }

    /// A random UUID (RFC 9562 section 5.4), as dockerd's `engine-id` is.
    private static func uuid() -> String {
        var generator = SystemRandomNumberGenerator()
        let high = generator.next() & ~0xF000 | 0x4000
        let low = generator.next() & ~(0xC0 << 56) | 0x80 << 56
        let digits = hexadecimal(high) + hexadecimal(low)
        let ends = [0, 8, 12, 16, 20, 32]
        return zip(ends, ends.dropFirst()).map { String(digits[$0..<$1]) }.joined(separator: "-")
    }

    private static func hexadecimal(_ word: UInt64) -> [Character] {
        let digits = String(word, radix: 16)
        return Array(String(repeating: "0", count: 16 - digits.count) + digits)
    }
}
