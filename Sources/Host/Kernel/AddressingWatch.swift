internal import Glibc
internal import Netlink
internal import Synchronization

/// Tells whether the host's own addressing, as `HostPrefixes` reads it, may have changed since the last question.
///
/// The kernel queues a notification before the change's author hears that it is done (rtnetlink(7)), so nothing is missed,
/// and nobody has to listen meanwhile: what doesn't fit any more counts as a change. Addresses and routes that come with our
/// own links are none: such addresses say so (IFA_PROTO, since Linux 5.18; before that they count), and routes that the
/// kernel makes for an address are as good as told by it.
public final class AddressingWatch: Sendable {
    private let descriptor: Int32
    private let files: Mutex<[FileState?]>

    /// A file's version.
    private struct FileState: Equatable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let seconds: Int
        let nanoseconds: Int
    }

    /// RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_IFADDR, RTMGRP_IPV6_ROUTE (linux/rtnetlink.h).
    private static let groups: UInt32 = 0x10 | 0x40 | 0x100 | 0x400

    /// Watches the namespace of the calling thread. The first question is answered with the changes since.
    ///
    /// - Throws: The errno of socket(2) or bind(2).
    public init() throws(SystemCallError) {
        let kind = Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = socket(AF_NETLINK, kind, RawNetlinkSocket.Family.route.rawValue)
        guard descriptor >= 0 else { throw SystemCallError("socket", "netlink", errno: errno) }
        files = Mutex(Self.resolverFiles())
        // sockaddr_nl: family, padding, number (the kernel's choice), groups.
        var address: (UInt16, UInt16, UInt32, UInt32) = (UInt16(AF_NETLINK), 0, 0, Self.groups)
        let bound = withUnsafePointer(to: &address) {
            bind(descriptor, UnsafeRawPointer($0).assumingMemoryBound(to: sockaddr.self), 12)
        }
        guard bound == 0 else { throw SystemCallError("bind", "netlink", errno: errno) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Never waits. Those who ask at the same time must take turns, or one gets the other's news.
    public func hasChanged() -> Bool {
        let now = Self.resolverFiles()
        var isChanged = files.withLock { files in
            defer { files = now }
            return files != now
        }
        withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 16) { buffer in
            while true {
                let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_TRUNC))
                if count < 0, errno == EAGAIN { return }
                if count < 0, errno == EINTR { continue }
                // ENOBUFS: there was more than the socket holds. It goes on from here.
                isChanged = isChanged || count < 0 || count > buffer.count || Self.tells(buffer[..<count])
            }
        }
        return isChanged
    }

    /// Whether one of the messages is about something that isn't ours.
    static func tells(_ datagram: Slice<UnsafeMutableRawBufferPointer>) -> Bool {
        var rest = UnsafeRawBufferPointer(rebasing: datagram)
        while rest.count >= 16 {
            let length = Int(rest.loadUnaligned(as: UInt32.self))
            guard length >= 16, length <= rest.count else { return true }
            let type = rest.loadUnaligned(fromByteOffset: 4, as: UInt16.self)
            if isForeign(type, UnsafeRawBufferPointer(rebasing: rest[16..<length])) { return true }
            rest = UnsafeRawBufferPointer(rebasing: rest[min((length + 3) & ~3, rest.count)...])
        }
        return false
    }

    private static func isForeign(_ type: UInt16, _ payload: UnsafeRawBufferPointer) -> Bool {
        switch Int32(type) {
        case 20, 21:  // RTM_NEWADDR, RTM_DELADDR: an ifaddrmsg of 8 bytes, then attributes
            guard payload.count >= 8 else { return true }
            for (type, value) in RawAttributes(UnsafeRawBufferPointer(rebasing: payload[8...])) {
                // IFA_PROTO; IFA_ADDRESS, of which fe80::/10 is reserved anyway.
                if type == 11, value.first == LinkAddress.ours { return false }
                if type == 1, value.count == 16, value[0] == 0xFE, value[1] & 0xC0 == 0x80 { return false }
            }
            return true
        case 24, 25:  // RTM_NEWROUTE, RTM_DELROUTE: an rtmsg with table, protocol, scope and type from byte 4 on
            guard payload.count >= 12 else { return true }
            let (table, origin, kind) = (payload[4], payload[5], payload[7])
            // RT_TABLE_MAIN, RTPROT_KERNEL, RTN_UNICAST
            return table == 254 && origin != 2 && kind == 1
        default: return false
        }
    }

    private static func resolverFiles() -> [FileState?] {
        Resolver.files.map { path in
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            return FileState(
                device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
                seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
        }
    }
}
