internal import CShims
internal import Glibc
internal import Steps

/// A netlink request put together byte by byte (netlink(7)).
struct RawMessage {
    private(set) var bytes: [UInt8]

    /// With the family's own header, which follows nlmsghdr.
    init(type: UInt16, flags: UInt16, header: [UInt8]) {
        bytes = [0, 0, 0, 0] + type.octets + (flags | 1).octets + [UInt8](repeating: 0, count: 8) + header
        pad()
    }

    /// Whether it asks for more than to be told: conntrack's requests begin with NEW and GET (linux/netfilter/
    /// nfnetlink_conntrack.h), those of rtnetlink(7) come in fours, of which the third is a GET.
    var isChange: Bool { bytes[5] == 0 ? bytes[4] & 3 != 2 : bytes[4] != 1 }

    mutating func append(_ octets: [UInt8]) {
        bytes += octets
        pad()
    }

    mutating func put(_ type: UInt16, _ value: some Collection<UInt8>) {
        bytes += UInt16(4 + value.count).octets + type.octets
        bytes += value
        pad()
    }

    mutating func nest(_ type: UInt16, _ body: (inout RawMessage) -> Void) {
        let start = bytes.count
        // NLA_F_NESTED
        bytes += [0, 0] + (type | 0x8000).octets
        body(&self)
        bytes.replaceSubrange(start..<start + 2, with: UInt16(bytes.count - start).octets)
    }

    /// The message with its length and a sequence number.
    func finished(sequence: UInt32) -> [UInt8] {
        var whole = bytes
        whole.replaceSubrange(0..<4, with: UInt32(bytes.count).octets)
        whole.replaceSubrange(8..<12, with: sequence.octets)
        return whole
    }

    private mutating func pad() { while bytes.count % 4 != 0 { bytes.append(0) } }
}

/// Attributes in a stretch of a message: type without flags, and value.
struct RawAttributes: Sequence, IteratorProtocol {
    private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

    mutating func next() -> (type: UInt16, value: UnsafeRawBufferPointer)? {
        guard rest.count >= 4 else { return nil }
        let length = Int(rest.loadUnaligned(as: UInt16.self))
        guard length >= 4, length <= rest.count else { return nil }
        let type = rest.loadUnaligned(fromByteOffset: 2, as: UInt16.self) & 0x3FFF
        let value = UnsafeRawBufferPointer(rebasing: rest[4..<length])
        rest = UnsafeRawBufferPointer(rebasing: rest[Swift.min((length + 3) & ~3, rest.count)...])
        return (type, value)
    }
}

/// A netlink socket of the calling thread's namespace for one conversation at a time.
struct RawNetlinkSocket: ~Copyable {
    /// NETLINK_ROUTE and NETLINK_NETFILTER (linux/netlink.h).
    enum Family: Int32 {
        case route = 0
        case netfilter = 12
    }

    private let descriptor: Int32

    init(_ family: Family) throws(SystemCallError) {
        descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), family.rawValue)
        guard descriptor >= 0 else { throw SystemCallError("socket", "netlink", errno: errno) }
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Sends requests, each with NLM_F_ACK or NLM_F_DUMP, and waits until all are answered. At most 100 a call, so that
    /// the answers fit into the socket. `onEntry` gets what follows the nlmsghdr of every message that is no
    /// acknowledgement.
    ///
    /// - Returns: Their errno values in order, 0 for success.
    /// - Throws: When the conversation itself breaks; ETIMEDOUT without an answer in five seconds.
    func exchange(
        _ messages: [RawMessage], onEntry: (UnsafeRawBufferPointer) -> Void = { _ in }
    ) throws(SystemCallError) -> [Int32] {
        guard !messages.isEmpty else { return [] }
        let request = messages.enumerated().flatMap { $1.finished(sequence: UInt32($0) + 1) }
        if messages.contains(where: \.isChange) {
            try StepGate.step(.netlink, "\(messages.count) raw changes") { () throws(SystemCallError) in
                try send(request)
            }
        } else {
            try send(request)
        }
        var outcomes = [Int32?](repeating: nil, count: messages.count)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while outcomes.contains(nil) {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                throw SystemCallError("recv", "netlink", errno: errno == EAGAIN ? ETIMEDOUT : errno)
            }
            buffer.withUnsafeBytes {
                Self.read(UnsafeRawBufferPointer(rebasing: $0[..<count]), into: &outcomes, onEntry)
            }
        }
        return outcomes.map { $0 ?? 0 }
    }

    private func send(_ request: [UInt8]) throws(SystemCallError) {
        guard Glibc.send(descriptor, request, request.count, 0) == request.count else {
            throw SystemCallError("send", "netlink", errno: errno)
        }
    }

    static func read(
        _ datagram: UnsafeRawBufferPointer, into outcomes: inout [Int32?], _ onEntry: (UnsafeRawBufferPointer) -> Void
    ) {
        var rest = datagram
        while rest.count >= 16 {
            let length = Int(rest.loadUnaligned(as: UInt32.self))
            guard length >= 16, length <= rest.count else { return }
            let type = rest.loadUnaligned(fromByteOffset: 4, as: UInt16.self)
            let index = Int(rest.loadUnaligned(fromByteOffset: 8, as: UInt32.self)) - 1
            let payload = UnsafeRawBufferPointer(rebasing: rest[16..<length])
            if outcomes.indices.contains(index) {
                // NLMSG_ERROR and NLMSG_DONE carry the negative errno first.
                if type == 2 || type == 3 {
                    outcomes[index] = payload.count >= 4 ? 0 &- payload.loadUnaligned(as: Int32.self) : 0
                } else {
                    onEntry(payload)
                }
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[Swift.min((length + 3) & ~3, rest.count)...])
        }
    }
}

extension FixedWidthInteger {
    /// As the machine keeps it.
    var octets: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}
