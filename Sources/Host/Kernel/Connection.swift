public import Addressing

/// A connection as conntrack follows it (linux/netfilter/nfnetlink_conntrack.h).
public struct Connection: Sendable, Hashable {
    /// One direction's addresses. Ports are 0 where the protocol has none.
    public struct Tuple: Sendable, Hashable {
        public let source: IPAddress
        public let destination: IPAddress
        /// An IP protocol number.
        public let transport: UInt8
        public let sourcePort: UInt16
        public let destinationPort: UInt16
    }

    /// As the first packet came in, before any address translation.
    public let original: Tuple
    /// As answers come in: the translated addresses, reversed.
    public let reply: Tuple

    /// What names the entry in a request: the original tuple as the kernel gave it, zone and id.
    let key: [(type: UInt16, value: [UInt8])]

    public static func == (left: Connection, right: Connection) -> Bool {
        left.original == right.original && left.reply == right.reply
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(original)
        hasher.combine(reply)
    }

    /// The four addresses of both directions.
    public func involves(_ isWanted: (IPAddress) -> Bool) -> Bool {
        isWanted(original.source) || isWanted(original.destination) || isWanted(reply.source)
            || isWanted(reply.destination)
    }

    /// Nil for an entry that isn't of IPv4 or IPv6.
    init?(_ payload: UnsafeRawBufferPointer) {
        guard payload.count >= 4 else { return nil }
        var original, reply: Tuple?
        var key: [(type: UInt16, value: [UInt8])] = []
        for (type, value) in RawAttributes(UnsafeRawBufferPointer(rebasing: payload[4...])) {
            switch type {
            case ConntrackAttribute.original:
                original = Tuple(value)
                key.append((type | 0x8000, Array(value)))
            case ConntrackAttribute.reply: reply = Tuple(value)
            case ConntrackAttribute.id, ConntrackAttribute.zone: key.append((type, Array(value)))
            default: break
            }
        }
        guard let original, let reply else { return nil }
        self.original = original
        self.reply = reply
        self.key = key
    }
}

extension Connection.Tuple {
    fileprivate init?(_ attributes: UnsafeRawBufferPointer) {
        var source, destination: IPAddress?
        var transport: UInt8 = 0
        var sourcePort: UInt16 = 0
        var destinationPort: UInt16 = 0
        for (part, value) in RawAttributes(attributes) {
            for (type, value) in RawAttributes(value) {
                switch (part, type) {
                case (ConntrackAttribute.addresses, 1), (ConntrackAttribute.addresses, 3):
                    source = IPAddress(bytes: Array(value))
                case (ConntrackAttribute.addresses, 2), (ConntrackAttribute.addresses, 4):
                    destination = IPAddress(bytes: Array(value))
                case (ConntrackAttribute.transport, 1): transport = value.first ?? 0
                case (ConntrackAttribute.transport, 2) where value.count == 2:
                    sourcePort = UInt16(bigEndian: value.loadUnaligned(as: UInt16.self))
                case (ConntrackAttribute.transport, 3) where value.count == 2:
                    destinationPort = UInt16(bigEndian: value.loadUnaligned(as: UInt16.self))
                default: break
                }
            }
        }
        guard let source, let destination else { return nil }
        self.init(
            source: source, destination: destination, transport: transport, sourcePort: sourcePort,
            destinationPort: destinationPort)
    }
}

/// CTA_… of nfnetlink_conntrack.h.
enum ConntrackAttribute {
    static let original: UInt16 = 1
    static let reply: UInt16 = 2
    static let id: UInt16 = 12
    static let zone: UInt16 = 18
    static let filter: UInt16 = 25
    /// In a tuple: CTA_TUPLE_IP and CTA_TUPLE_PROTO.
    static let addresses: UInt16 = 1
    static let transport: UInt16 = 2
}
