import CNFTables
import Glibc
import Steps

/// One nfnetlink socket of the network namespace that it is opened in.
struct NetfilterSocket: ~Copyable {
    private let descriptor: Int32
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    private var sendSize = 1 << 24
    private var nextSequence: UInt32 = 1

    /// SOL_NETLINK, NETLINK_CAP_ACK and NETLINK_EXT_ACK (linux/socket.h, linux/netlink.h).
    private static let level: Int32 = 270
    private static let cappedAcks: Int32 = 10
    private static let extendedAcks: Int32 = 11

    init() throws(NFTablesError) {
        descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), Int32(NETLINK_NETFILTER))
        guard descriptor >= 0 else { throw NetfilterSocket.failure("open nfnetlink socket") }
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
            }
        }
        guard bound == 0 else { throw NetfilterSocket.failure("bind nfnetlink socket") }
        setOption(SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
        setOption(SOL_SOCKET, SO_SNDBUFFORCE, Int32(sendSize))
        setOption(Self.level, Self.cappedAcks, 1)
        setOption(Self.level, Self.extendedAcks, 1)
        var timeout = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        buffer.deallocate()
    }

    /// The number that notifications of this socket's transactions carry (nl_pid).
    var portNumber: UInt32 {
        var address = sockaddr_nl()
        var size = socklen_t(MemoryLayout<sockaddr_nl>.size)
        let outcome = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return outcome == 0 ? address.nl_pid : 0
    }

    /// A number that no message before had.
    mutating func sequence() -> UInt32 {
        defer { nextSequence &+= 1 }
        return nextSequence
    }

    /// Takes all numbers before `next`.
    mutating func skip(to next: UInt32) { nextSequence = next }

    /// Sends a batch whose message `last` asks for an acknowledgement, and returns what was refused.
    ///
    /// The kernel has answered everything by the time send(2) returns: it handles netlink on the sender's thread.
    mutating func transact(
        _ batch: [UInt8], first: UInt32, last: UInt32, _ what: @autoclosure () -> String
    ) throws(NFTablesError) -> [Refusal] {
        reserve(batch.count)
        try StepGate.step(.nftables, what()) { () throws(NFTablesError) in try send(batch) }
        var refusals: [Refusal] = []
        var isAcknowledged = false
        while let count = try receive(flags: Int32(MSG_DONTWAIT)) {
            NetfilterFrames.forEach(in: received(count)) { message in
                let sequence = message.pointee.nlmsg_seq
                guard message.pointee.nlmsg_type == NLMSG_ERROR, sequence &- first <= last &- first else { return }
                let refusal = Refusal(message)
                if refusal.errno != 0 { refusals.append(refusal) }
                if sequence == last { isAcknowledged = true }
            }
        }
        guard isAcknowledged || !refusals.isEmpty else {
            throw NFTablesError(operation: "read acknowledgement", object: "", errno: EPROTO)
        }
        return refusals
    }

    /// Sends a dump request and hands every message of the answer over.
    ///
    /// - Throws: EINTR when the ruleset changed meanwhile: dump again.
    mutating func dump(
        _ request: [UInt8], sequence: UInt32, each: (UnsafePointer<nlmsghdr>) -> Void
    ) throws(NFTablesError) {
        reserve(request.count)
        try send(request)
        var failure: Int32 = 0
        var isDone = false
        while !isDone {
            guard let count = try receive(flags: 0) else {
                throw NFTablesError(operation: "dump", object: "", errno: ETIMEDOUT)
            }
            NetfilterFrames.forEach(in: received(count)) { message in
                guard message.pointee.nlmsg_seq == sequence else { return }
                if message.pointee.nlmsg_flags & UInt16(NLM_F_DUMP_INTR) != 0 { failure = EINTR }
                switch Int32(message.pointee.nlmsg_type) {
                case NLMSG_DONE:
                    isDone = true
                    failure = NetfilterFrames.dumpFailure(message) ?? failure
                case NLMSG_ERROR:
                    failure = Refusal(message).errno
                    isDone = true
                default:
                    each(message)
                    if message.pointee.nlmsg_flags & UInt16(NLM_F_MULTI) == 0 { isDone = true }
                }
            }
        }
        if failure != 0 { throw NFTablesError(operation: "dump", object: "", errno: failure) }
    }

    /// Makes room for a send of so many bytes.
    private mutating func reserve(_ count: Int) {
        guard count * 2 > sendSize else { return }
        sendSize = min(count * 2, 1 << 30)
        setOption(SOL_SOCKET, SO_SNDBUFFORCE, Int32(sendSize))
    }

    private func send(_ bytes: [UInt8]) throws(NFTablesError) {
        while true {
            let sent = Glibc.send(descriptor, bytes, bytes.count, 0)
            if sent == bytes.count { return }
            if sent >= 0 { throw NFTablesError(operation: "send to nfnetlink", object: "", errno: EMSGSIZE) }
            if errno != EINTR { throw Self.failure("send to nfnetlink") }
        }
    }

    /// Bytes received, nil when there is nothing (any more).
    private func receive(flags: Int32) throws(NFTablesError) -> Int? {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, flags)
            if count >= 0 { return count }
            if errno == EAGAIN { return nil }
            if errno != EINTR { throw Self.failure("receive from nfnetlink") }
        }
    }

    private func received(_ count: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[..<count]) }

    private func setOption(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func failure(_ operation: String) -> NFTablesError {
        NFTablesError(operation: operation, object: "", errno: errno)
    }
}
