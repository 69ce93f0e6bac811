import CNFTables
import Glibc

/// Taking datagrams of nfnetlink apart.
enum NetfilterFrames {
    /// nlmsghdr and nfgenmsg, or the code that NLMSG_DONE and NLMSG_ERROR have in its place: no message is shorter.
    private static let shortest = MemoryLayout<nlmsghdr>.size + 4

    /// Hands over the messages up to the first that isn't whole.
    ///
    /// - Precondition: the datagram begins at a multiple of four.
    static func forEach(in datagram: UnsafeRawBufferPointer, _ body: (UnsafePointer<nlmsghdr>) -> Void) {
        guard let base = datagram.baseAddress else { return }
        var offset = 0
        while offset + shortest <= datagram.count {
            let message = (base + offset).assumingMemoryBound(to: nlmsghdr.self)
            let length = Int(message.pointee.nlmsg_len)
            guard length >= shortest, offset + length <= datagram.count else { return }
            body(message)
            offset += (length + 3) & ~3
        }
    }

    /// The errno that ended a dump early; nil after a whole one.
    static func dumpFailure(_ done: UnsafePointer<nlmsghdr>) -> Int32? {
        let code = UnsafeRawPointer(done).load(fromByteOffset: 16, as: Int32.self)
        return code < 0 ? 0 &- code : nil
    }
}

/// A message that the kernel refused.
struct Refusal {
    let sequence: UInt32
    let errno: Int32
    /// Where in the message, in bytes from its header; 0 if the kernel didn't say (NLMSGERR_ATTR_OFFS).
    let offset: Int

    /// Out of an NLMSG_ERROR message: header, nlmsgerr (errno and the refused header), attributes. An acknowledgement has
    /// errno 0.
    init(_ message: UnsafePointer<nlmsghdr>) {
        let raw = UnsafeRawBufferPointer(start: message, count: Int(message.pointee.nlmsg_len))
        sequence = message.pointee.nlmsg_seq
        guard raw.count >= 36 else {
            errno = EPROTO
            offset = 0
            return
        }
        errno = 0 &- raw.load(fromByteOffset: 16, as: Int32.self)
        let place = attributes(in: raw, from: 36).last { $0.type == UInt16(NLMSGERR_ATTR_OFFS.rawValue) }
        offset = place.flatMap(\.number).map(Int.init) ?? 0
    }
}

/// An attribute of a message (nlattr), its type without flags.
struct NetfilterAttribute {
    let type: UInt16
    let bytes: UnsafeRawBufferPointer

    /// The value as the machine keeps it; nil if it isn't of four bytes.
    var number: UInt32? { bytes.count == 4 ? bytes.loadUnaligned(as: UInt32.self) : nil }
}

/// The attributes of a message from an offset on.
func attributes(in message: UnsafeRawBufferPointer, from offset: Int) -> [NetfilterAttribute] {
    var found: [NetfilterAttribute] = []
    var place = offset
    while place + 4 <= message.count {
        let size = Int(message.loadUnaligned(fromByteOffset: place, as: UInt16.self))
        guard size >= 4, place + size <= message.count else { break }
        let type = message.loadUnaligned(fromByteOffset: place + 2, as: UInt16.self) & 0x3FFF
        found.append(
            NetfilterAttribute(type: type, bytes: UnsafeRawBufferPointer(rebasing: message[place + 4..<place + size])))
        place += (size + 3) & ~3
    }
    return found
}

/// The message's attributes after nfgenmsg.
func attributes(of message: UnsafePointer<nlmsghdr>) -> [NetfilterAttribute] {
    attributes(in: UnsafeRawBufferPointer(start: message, count: Int(message.pointee.nlmsg_len)), from: 20)
}
