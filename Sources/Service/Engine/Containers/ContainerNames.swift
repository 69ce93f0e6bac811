import NetworkModel

extension Engine {
    /// - Returns: the name without a leading slash.
    /// - Throws: 400 unless it is `[a-zA-Z0-9][a-zA-Z0-9_.-]+` (moby `daemon/names`).
    static func checkedName(_ text: String) throws(EngineError) -> String {
        let name = text.hasPrefix("/") ? String(text.dropFirst()) : text
        let bytes = Array(name.utf8)
        let isValid =
            bytes.count >= 2 && isAlphanumeric(bytes[0])
            && bytes.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
        guard isValid else {
            throw EngineError(
                .invalidArgument,
                "Invalid container name (\(text)), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
        }
        return name
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    func refuseTaken(_ name: String) throws(EngineError) {
        let holder = current.containerIDs[name] ?? reservedContainerNames[name]
        guard let holder else { return }
        throw EngineError(
            .conflict,
            "Conflict. The container name \"/\(name)\" is already in use by container \"\(holder)\". You have to remove (or rename) that container to be able to reuse that name."
        )
    }

    /// A name for a container that was given none.
    func freeName() -> String {
        while true {
            let adjective = Self.adjectives.randomElement() ?? "plain"
            let noun = Self.nouns.randomElement() ?? "line"
            let name = "\(adjective)_\(noun)"
            if current.containerIDs[name] == nil, reservedContainerNames[name] == nil { return name }
            let numbered = "\(name)\(Int.random(in: 2...9_999))"
            if current.containerIDs[numbered] == nil, reservedContainerNames[numbered] == nil { return numbered }
        }
    }

    private static let adjectives = [
        "able", "brisk", "bright", "calm", "clear", "deep", "eager", "fair", "fast", "fresh", "gentle", "hardy", "keen",
        "level", "light", "long", "low", "mellow", "neat", "open", "plain", "quick", "quiet", "ready", "sharp", "slack",
        "smooth", "snug", "sound", "steady", "stout", "swift", "taut", "tidy", "trim", "true", "upright", "warm",
        "wide",
    ]

    private static let nouns = [
        "anchor", "beacon", "berth", "binnacle", "boom", "bow", "bulkhead", "buoy", "cable", "capstan", "cleat",
        "compass", "course", "deck", "fathom", "fender", "ferry", "galley", "halyard", "harbour", "hatch", "hawser",
        "helm", "hull", "jetty", "keel", "lantern", "mast", "mooring", "painter", "pier", "pilot", "quay", "rigging",
        "rudder", "sail", "sheet", "shroud", "spar", "stern", "tiller", "topmast", "tug", "wharf", "winch",
    ]
}
