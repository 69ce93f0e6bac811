internal import CNetlinkRoute

/// The attributes in a stretch of a message: type, length, value, padded to four bytes (linux/netlink.h).
struct Attributes: Sequence, IteratorProtocol {
    struct Attribute {
        let type: Int
        let value: UnsafeRawBufferPointer

        /// Nil when the value is shorter than the type asked for.
        func integer<Value: FixedWidthInteger & BitwiseCopyable>(as type: Value.Type = Value.self) -> Value? {
            value.count >= MemoryLayout<Value>.size ? value.loadUnaligned(as: Value.self) : nil
        }

        /// Up to the first NUL.
        var text: String {
            String(decoding: value.prefix { $0 != 0 }, as: UTF8.self)
        }

        var nested: Attributes { Attributes(value) }
    }

    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// What follows a fixed structure of a message.
    init(after size: Int, of bytes: UnsafeRawBufferPointer) {
        let start = Swift.min((size + 3) & ~3, bytes.count)
        self.init(UnsafeRawBufferPointer(rebasing: bytes[start...]))
    }

    mutating func next() -> Attribute? {
        guard offset + 4 <= bytes.count else { return nil }
        let length = Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        guard length >= 4, offset + length <= bytes.count else { return nil }
        // The two high bits are NLA_F_NESTED and NLA_F_NET_BYTEORDER.
        let type = Int(bytes.loadUnaligned(fromByteOffset: offset + 2, as: UInt16.self) & 0x3FFF)
        let value = UnsafeRawBufferPointer(rebasing: bytes[offset + 4..<offset + length])
        offset += (length + 3) & ~3
        return Attribute(type: type, value: value)
    }
}
