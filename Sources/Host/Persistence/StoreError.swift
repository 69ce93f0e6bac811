/// Why a store can't be opened or read, with what would help.
public struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// Another process has it open.
        case inUse
        /// Written by a newer Fairlead.
        case newer
        /// Not a store of Fairlead.
        case foreign
        case damaged
        /// The operating system's or SQLite's refusal.
        case system
    }

    public let kind: Kind
    public let message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { message }

    static func damaged(_ path: String, _ reason: String) -> StoreError {
        StoreError(
            .damaged,
            // SQLite's words may have several lines.
            "\(path) is damaged (\(reason.replacing("\n", with: " "))): restore a backup in its place, or move it and its -wal file away to start "
                + "empty. It was left as it is.")
    }
}
