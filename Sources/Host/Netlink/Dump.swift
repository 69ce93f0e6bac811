internal import CNetlinkRoute
internal import Glibc

extension NetlinkSocket {
    /// Reads a whole table. One that changed while it was being read (NLM_F_DUMP_INTR) is read again, ten times at most.
    ///
    /// - Throws: `NetlinkError`; EAGAIN when the table never held still.
    func dump<Entry: Sendable>(
        _ request: Message, type: Int, _ parse: (UnsafeRawBufferPointer) -> Entry?
    ) throws(NetlinkError) -> [Entry] {
        try exchange.withLock { exchange throws(NetlinkError) in
            for _ in 0..<10 {
                if let entries = try attempt(request, type: type, &exchange, parse) { return entries }
            }
            throw NetlinkError(operation: request.operation, errno: EAGAIN)
        }
    }

    /// Nil when the table changed meanwhile.
    private func attempt<Entry>(
        _ request: Message, type: Int, _ exchange: inout Exchange, _ parse: (UnsafeRawBufferPointer) -> Entry?
    ) throws(NetlinkError) -> [Entry]? {
        try send(exchange.number([request]), request.operation)
        let sequence = exchange.sequence
        var entries: [Entry] = []
        var interrupted = false
        var code: Int32?
        while code == nil {
            do {
                try receive(&exchange.buffer, request.operation) { header, payload in
                    guard header.nlmsg_seq == sequence, code == nil else { return }
                    if header.nlmsg_flags & UInt16(NLM_F_DUMP_INTR) != 0 { interrupted = true }
                    switch Int32(header.nlmsg_type) {
                    case NLMSG_DONE, NLMSG_ERROR:
                        code = payload.count >= 4 ? payload.loadUnaligned(as: Int32.self) : 0
                    case Int32(type):
                        if let entry = parse(payload) { entries.append(entry) }
                    default: break
                    }
                }
            } catch  where error.errno == ENOBUFS {
                interrupted = true  // a datagram was lost; the end still comes
            }
        }
        if let code, code < 0 {
            if -code == EINTR { return nil }
            throw NetlinkError(operation: request.operation, errno: -code)
        }
        return interrupted ? nil : entries
    }
}
