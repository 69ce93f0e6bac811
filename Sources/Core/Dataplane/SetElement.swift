public import Addressing

/// An element of a set or map in the one table `inet fairlead`.
public struct SetElement: Sendable, Hashable {
    /// One field of a key or of a map's data, in the type the set declares for that place.
    public enum Field: Sendable, Hashable {
        case interface(String)
        /// NFPROTO_IPV4 or NFPROTO_IPV6.
        case family(AddressFamily)
        case address(IPAddress)
        /// An IP protocol number.
        case transport(UInt8)
        case port(UInt16)
    }

    /// What a verdict map answers.
    public enum Verdict: Sendable, Hashable {
        case accept
        case drop
        case goto(String)
    }

    public enum Value: Sendable, Hashable {
        case verdict(Verdict)
        case fields([Field])
    }

    /// A set holds one element of a key.
    public struct ID: Sendable, Hashable {
        public let set: String
        public let key: [Field]

        public init(set: String, key: [Field]) {
            self.set = set
            self.key = key
        }
    }

    public let id: ID
    /// Nil in a plain set.
    public let value: Value?
    /// Whose it is; shown by `nft list`.
    public let comment: String

    public init(_ set: String, _ key: [Field], value: Value? = nil, comment: String) {
        self.id = ID(set: set, key: key)
        self.value = value
        self.comment = comment
    }
}
