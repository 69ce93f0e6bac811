internal import CNetlinkRoute
internal import Glibc

/// What to do about a table that changes while it is being read.
public enum DumpPatience: Sendable {
    /// It is read again until it held still, ten times at most.
    case whole
    /// Two reads are put together: what was there all the time is in them, the rest may be, and twice. For tables that we
    /// ourselves change all the time.
    case union
}

extension NetlinkSocket {
    /// Reads a whole table. One that changed while it was being read has NLM_F_DUMP_INTR.
    ///
    /// - Throws: `NetlinkError`; EAGAIN when the table never held still.
    func dump<Entry: Sendable>(
        _ request: Message, type: Int, patience: DumpPatience = .whole, _ parse: (UnsafeRawBufferPointer) -> Entry?
    ) throws(NetlinkError) -> [Entry] {
        try exchange.withLock { exchange throws(NetlinkError) in
            var earlier: [Entry] = []
            for attempt in 0..<10 {
                let (entries, isWhole) = try read(request, type: type, &exchange, parse)
                if isWhole { return entries }
                if patience == .union, attempt > 0 { return earlier + entries }
                earlier = entries
            }
            throw NetlinkError(operation: request.operation, errno: EAGAIN)
        }
    }

    private func read<Entry>(
        _ request: Message, type: Int, _ exchange: inout Exchange, _ parse: (UnsafeRawBufferPointer) -> Entry?
    ) throws(NetlinkError) -> (entries: [Entry], isWhole: Bool) {
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
            if code == -EINTR { return (entries, false) }
            throw NetlinkError(operation: request.operation, errno: 0 &- code)
        }
        return (entries, !interrupted)
    }
}
