internal import Addressing
internal import CNetlinkRoute
internal import Glibc

/// Writes a message attribute by attribute, where libnl-route has no builder or one that would cut names or abort.
struct MessageBuilder: ~Copyable {
    /// Nil when memory ran out; then `finish` says so.
    private let message: OpaquePointer?
    private var fits = true

    init(type: Int, flags: Int32, capacity: Int = 4096) {
        message = nlmsg_alloc_size(capacity)
        if let message { fits = nlmsg_put(message, 0, 0, Int32(type), 0, flags) != nil }
    }

    deinit { nlmsg_free(message) }

    /// Appends a fixed structure such as `ifinfomsg`.
    mutating func append<Header: BitwiseCopyable>(_ header: Header) {
        var header = header
        note(nlmsg_append(message, &header, MemoryLayout<Header>.size, 4))
    }

    mutating func put(_ attribute: Int, _ value: UInt32) {
        guard message != nil else { return }
        note(nla_put_u32(message, Int32(attribute), value))
    }

    mutating func put(_ attribute: Int, _ value: Int32) { put(attribute, UInt32(bitPattern: value)) }

    mutating func put(_ attribute: Int, _ value: UInt8) {
        guard message != nil else { return }
        note(nla_put_u8(message, Int32(attribute), value))
    }

    mutating func put(_ attribute: Int, _ bytes: [UInt8]) {
        guard message != nil else { return }
        note(nla_put(message, Int32(attribute), Int32(bytes.count), bytes))
    }

    /// A NUL-terminated string. The kernel refuses one that is too long for its place (ERANGE), so of an absurdly
    /// long one a kilobyte is enough to be refused.
    mutating func put(_ attribute: Int, _ text: String) {
        put(attribute, Array(text.utf8.prefix(1024)) + [0])
    }

    mutating func put(_ attribute: Int, _ mac: MACAddress) { put(attribute, mac.octets) }

    mutating func nest(_ attribute: Int, _ body: (inout MessageBuilder) -> Void) {
        guard let message, let start = nla_nest_start(message, Int32(attribute)) else {
            fits = false
            return
        }
        body(&self)
        note(nla_nest_end(message, start))
    }

    consuming func finish(_ operation: String) throws(NetlinkError) -> Message {
        guard fits, let message else { throw NetlinkError(operation: operation, errno: ENOMEM) }
        return try Message(operation: operation, copying: message)
    }

    private mutating func note(_ status: Int32) {
        if status < 0 { fits = false }
    }
}
