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
    private let socket: MonitorSocket
    private let files: Mutex<[FileState?]>

    /// A file's version.
    private struct FileState: Equatable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let seconds: Int
        let nanoseconds: Int
    }

    /// RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE (linux/rtnetlink.h).
    private static let groups: [Int32] = [5, 7, 9, 11]

    /// Watches the namespace of the calling thread. The first question is answered with the changes since.
    ///
    /// - Throws: The errno of socket(2), bind(2) or setsockopt(2).
    public init() throws(SystemCallError) {
        files = Mutex(Self.resolverFiles())
        socket = try MonitorSocket(.route, groups: Self.groups, isAlone: true)
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
                let count = recv(socket.descriptor, buffer.baseAddress, buffer.count, Int32(MSG_TRUNC))
                if count < 0, errno == EAGAIN { return }
                if count < 0, errno == EINTR { continue }
                // ENOBUFS: there was more than the socket holds. It goes on from here.
                isChanged = isChanged || count < 0 || count > buffer.count || Self.tells(buffer[..<count])
            }
        }
        return isChanged
    }

    /// Whether one of the messages is about something that isn't ours, or can't be read.
    static func tells(_ datagram: Slice<UnsafeMutableRawBufferPointer>) -> Bool {
        var isForeign = false
        let isWhole = MonitorSocket.forEachMessage(in: UnsafeRawBufferPointer(rebasing: datagram), of: nil) {
            isForeign = isForeign || Self.isForeign($0.type, $1)
        }
        return isForeign || !isWhole
    }

    private static func isForeign(_ type: UInt16, _ payload: UnsafeRawBufferPointer) -> Bool {
        switch type {
        case 20, 21:  // RTM_NEWADDR, RTM_DELADDR. The kernel's own link-local ones are in what is reserved anyway.
            guard let address = LinkAddress(payload) else { return true }
            return address.origin != LinkAddress.ours && !address.isAutomatic
        case 24, 25:  // RTM_NEWROUTE, RTM_DELROUTE: an rtmsg of 12 bytes. 2 is RTPROT_KERNEL.
            guard payload.count >= 12 else { return true }
            guard case .route(_, let origin)? = Notification(type: type, payload) else { return false }
            return origin != 2
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
