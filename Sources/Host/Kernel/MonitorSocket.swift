internal import Glibc

/// A netlink socket that hears groups of the namespace it is opened in, and, if wanted, of every other that has an id
/// there (NETLINK_LISTEN_ALL_NSID, netlink(7)).
struct MonitorSocket: ~Copyable, Sendable {
    struct Header {
        let type: UInt16
        /// The number of the socket whose request it comes from; 0 where the kernel doesn't say.
        let sender: UInt32
        /// The id of the namespace; nil for this one.
        let namespace: Int32?
    }

    enum Outcome {
        case read
        case drained
        /// The kernel had more to tell than the socket holds (ENOBUFS).
        case lost
    }

    let descriptor: Int32

    /// SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NETLINK_LISTEN_ALL_NSID (linux/socket.h, linux/netlink.h).
    private static let level: Int32 = 270
    private static let addMembership: Int32 = 1
    private static let listenToAll: Int32 = 8

    /// `isAlone`: only this namespace is heard, and no more is kept than any socket does, for whoever asks now and then.
    init(_ family: RawNetlinkSocket.Family, groups: [Int32], isAlone: Bool = false) throws(SystemCallError) {
        let kind = Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = socket(AF_NETLINK, kind, family.rawValue)
        guard descriptor >= 0 else { throw SystemCallError("socket", "netlink", errno: errno) }
        // One without a number of its own is left out of whatever comes from the kernel (do_one_broadcast).
        // sockaddr_nl: family, padding, number (the kernel's choice), groups.
        var address: (UInt16, UInt16, UInt32, UInt32) = (UInt16(AF_NETLINK), 0, 0, 0)
        let bound = withUnsafePointer(to: &address) {
            bind(descriptor, UnsafeRawPointer($0).assumingMemoryBound(to: sockaddr.self), 12)
        }
        guard bound == 0 else { throw SystemCallError("bind", "netlink", errno: errno) }
        if !isAlone {
            // Charged only for what waits there; the kernel doubles it: some 10,000 changes of links.
            set(SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
            guard set(Self.level, Self.listenToAll, 1) else {
                throw SystemCallError("setsockopt", "NETLINK_LISTEN_ALL_NSID", errno: errno)
            }
        }
        for group in groups {
            guard set(Self.level, Self.addMembership, group) else {
                throw SystemCallError("setsockopt", "netlink group \(group)", errno: errno)
            }
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Reads one datagram, without waiting for it, and hands its messages over.
    func read(_ place: borrowing MonitorBuffer, _ each: (Header, UnsafeRawBufferPointer) -> Void) -> Outcome {
        let (buffer, control) = (place.buffer, place.control)
        var part = iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
        var message = msghdr()
        message.msg_control = control.baseAddress
        message.msg_controllen = control.count
        message.msg_iovlen = 1
        let count = withUnsafeMutablePointer(to: &part) {
            message.msg_iov = $0
            return recvmsg(descriptor, &message, 0)
        }
        guard count >= 0 else {
            switch errno {
            case ENOBUFS: return .lost
            case EINTR: return .read
            default: return .drained
            }
        }
        // A message that didn't fit is one that was lost.
        if message.msg_flags & Int32(MSG_TRUNC) != 0 { return .lost }
        let namespace = Self.namespace(UnsafeRawBufferPointer(rebasing: control[..<Int(message.msg_controllen)]))
        Self.forEachMessage(in: UnsafeRawBufferPointer(rebasing: buffer[..<count]), of: namespace, each)
        return .read
    }

    /// Hands over the messages of a datagram up to the first that isn't whole.
    ///
    /// - Returns: whether all were.
    @discardableResult
    static func forEachMessage(
        in datagram: UnsafeRawBufferPointer, of namespace: Int32?, _ each: (Header, UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        var rest = datagram
        while rest.count >= 16 {
            let length = Int(rest.loadUnaligned(as: UInt32.self))
            guard length >= 16, length <= rest.count else { return false }
            let header = Header(
                type: rest.loadUnaligned(fromByteOffset: 4, as: UInt16.self),
                sender: rest.loadUnaligned(fromByteOffset: 12, as: UInt32.self), namespace: namespace)
            each(header, UnsafeRawBufferPointer(rebasing: rest[16..<length]))
            rest = UnsafeRawBufferPointer(rebasing: rest[min((length + 3) & ~3, rest.count)...])
        }
        return true
    }

    /// The id of the namespace that a datagram comes from, out of what the kernel says about it; nil for this one.
    ///
    /// cmsghdr: length with itself, level, type; then the value, an int, at the next multiple of eight bytes.
    static func namespace(_ control: UnsafeRawBufferPointer) -> Int32? {
        var offset = 0
        while offset + 20 <= control.count {
            let length = control.loadUnaligned(fromByteOffset: offset, as: Int.self)
            guard length >= 16, length <= control.count - offset else { return nil }
            let level = control.loadUnaligned(fromByteOffset: offset + 8, as: Int32.self)
            let type = control.loadUnaligned(fromByteOffset: offset + 12, as: Int32.self)
            if level == Self.level, type == Self.listenToAll, length >= 20 {
                return control.loadUnaligned(fromByteOffset: offset + 16, as: Int32.self)
            }
            offset += (length + 7) & ~7
        }
        return nil
    }

    @discardableResult
    private func set(_ level: Int32, _ option: Int32, _ value: Int32) -> Bool {
        var value = value
        return setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    }
}

/// Room for one datagram and what the kernel says about it.
struct MonitorBuffer: ~Copyable {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
    let control = UnsafeMutableRawBufferPointer.allocate(byteCount: 128, alignment: 16)

    deinit {
        buffer.deallocate()
        control.deallocate()
    }
}
