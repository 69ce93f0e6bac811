import Addressing
import CNFTables
import Dataplane
import Firewall
import Glibc

extension FieldType {
    /// Bytes in a key of one field; in a concatenation each is padded to four.
    var length: Int {
        switch self {
        case .family, .transport: 1
        case .port: 2
        case .ipv4: 4
        case .ipv6, .interface: 16
        }
    }

    var paddedLength: Int { (length + 3) & ~3 }
}

extension [FieldType] {
    /// Bytes in a key or in data.
    var keyLength: Int { count == 1 ? self[0].length : reduce(0) { $0 + $1.paddedLength } }
}

/// The bytes of keys and data (nft(8), "Data types": addresses and ports in network order).
enum FieldCoding {
    /// Appends the fields; false when they aren't of these types.
    static func encode(_ fields: [SetElement.Field], as types: [FieldType], into bytes: inout [UInt8]) -> Bool {
        guard fields.count == types.count else { return false }
        for (field, type) in zip(fields, types) {
            let start = bytes.count
            guard append(field, type, &bytes) else { return false }
            let length = types.count == 1 ? type.length : type.paddedLength
            while bytes.count < start + length { bytes.append(0) }
        }
        return true
    }

    private static func append(_ field: SetElement.Field, _ type: FieldType, _ bytes: inout [UInt8]) -> Bool {
        switch (field, type) {
        case (.interface(let name), .interface):
            guard (1..<Int(IFNAMSIZ)).contains(name.utf8.count) else { return false }
            bytes.append(contentsOf: name.utf8)
        case (.family(let family), .family): bytes.append(family.protocolFamily)
        case (.address(let address), .ipv4) where address.family == .ipv4: append(address, &bytes)
        case (.address(let address), .ipv6) where address.family == .ipv6: append(address, &bytes)
        case (.transport(let number), .transport): bytes.append(number)
        case (.port(let port), .port):
            bytes.append(UInt8(port >> 8))
            bytes.append(UInt8(port & 0xFF))
        default: return false
        }
        return true
    }

    private static func append(_ address: IPAddress, _ bytes: inout [UInt8]) {
        for shift in stride(from: address.family.bits - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: address.value >> UInt128(shift)))
        }
    }

    /// Nil when the bytes can't be fields of these types.
    static func decode(_ bytes: UnsafeRawBufferPointer, as types: [FieldType]) -> [SetElement.Field]? {
        guard bytes.count == types.keyLength else { return nil }
        var fields: [SetElement.Field] = []
        fields.reserveCapacity(types.count)
        var place = 0
        for type in types {
            guard let field = field(bytes[place..<place + type.length], type) else { return nil }
            fields.append(field)
            place += type.paddedLength
        }
        return fields
    }

    private static func field(_ bytes: Slice<UnsafeRawBufferPointer>, _ type: FieldType) -> SetElement.Field? {
        func number() -> UInt128 { bytes.reduce(0) { $0 << 8 | UInt128($1) } }
        switch type {
        case .interface: return .interface(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
        case .family: return AddressFamily(protocolFamily: bytes[bytes.startIndex]).map { .family($0) }
        case .ipv4: return .address(IPAddress(family: .ipv4, value: number()))
        case .ipv6: return .address(IPAddress(family: .ipv6, value: number()))
        case .transport: return .transport(bytes[bytes.startIndex])
        case .port: return .port(UInt16(truncatingIfNeeded: number()))
        }
    }
}

extension AddressFamily {
    /// NFPROTO_IPV4 or NFPROTO_IPV6.
    var protocolFamily: UInt8 { self == .ipv4 ? UInt8(NFPROTO_IPV4) : UInt8(NFPROTO_IPV6) }

    init?(protocolFamily: UInt8) {
        switch Int(protocolFamily) {
        case Int(NFPROTO_IPV4): self = .ipv4
        case Int(NFPROTO_IPV6): self = .ipv6
        default: return nil
        }
    }
}

/// Comments as nft keeps them in userdata: type, length, text with a final zero (libnftnl/udata.h).
enum CommentCoding {
    /// The TLV; `type` is 0 for tables, chains, rules and elements; sets have other types before it.
    static func encode(_ comment: String, type: UInt8 = 0) -> [UInt8] {
        guard !comment.isEmpty else { return [] }
        let text = comment.utf8.prefix(252)
        return [type, UInt8(text.count + 1)] + text + [0]
    }

    static func decode(_ pointer: UnsafeRawPointer?, _ length: UInt32, type: UInt8 = 0) -> String {
        guard let pointer else { return "" }
        let bytes = UnsafeRawBufferPointer(start: pointer, count: Int(length))
        var place = 0
        while place + 2 <= bytes.count {
            let end = place + 2 + Int(bytes[place + 1])
            guard end <= bytes.count else { break }
            if bytes[place] == type {
                return String(decoding: bytes[place + 2..<end].prefix { $0 != 0 }, as: UTF8.self)
            }
            place = end
        }
        return ""
    }
}
