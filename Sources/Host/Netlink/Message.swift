internal import CNetlinkRoute
internal import Glibc

/// One netlink request, ready to send: a `nlmsghdr` with its payload (netlink(7)).
public struct Message: Sendable, Hashable {
    /// What it asks for, as a phrase: "create bridge front0".
    public let operation: String
    /// Length, type and flags are set; the socket fills in the sequence number.
    let bytes: [UInt8]

    /// Whether it asks for more than to be told: requests come in fours, of which the third is a GET (rtnetlink(7)).
    var isChange: Bool { bytes.count > 4 && bytes[4] & 3 != 2 }

    /// Takes over what a libnl builder made.
    init(operation: String, copying message: OpaquePointer, flags: Int32 = 0) throws(NetlinkError) {
        guard let header = nlmsg_hdr(message) else { throw NetlinkError(operation: operation, errno: ENOMEM) }
        header.pointee.nlmsg_flags |= UInt16(NLM_F_REQUEST | flags)
        header.pointee.nlmsg_pid = 0
        self.operation = operation
        bytes = Array(UnsafeRawBufferPointer(start: header, count: Int(header.pointee.nlmsg_len)))
    }

    /// Runs a libnl builder (`rtnl_…_build_…_request`) and takes over its message.
    init(
        operation: String, flags: Int32 = 0, appending: (OpaquePointer) -> Int32 = { _ in 0 },
        _ build: (inout OpaquePointer?) -> Int32
    ) throws(NetlinkError) {
        var message: OpaquePointer?
        let status = build(&message)
        defer { nlmsg_free(message) }
        // libnl's own codes are coarser than errno, but a builder only fails for want of memory or of a member.
        guard status >= 0, let message else { throw NetlinkError(operation: operation, errno: EINVAL) }
        guard appending(message) >= 0 else { throw NetlinkError(operation: operation, errno: ENOMEM) }
        try self.init(operation: operation, copying: message, flags: flags | NLM_F_ACK)
    }
}

/// The kernel's answer to one request of a batch.
public struct Acknowledgement: Sendable, Hashable {
    /// 0 when it was done, otherwise a positive errno value.
    public let errno: Int32
    public let extack: String?

    public init(errno: Int32 = 0, extack: String? = nil) {
        self.errno = errno
        self.extack = extack
    }

    public var isSuccess: Bool { errno == 0 }
}
