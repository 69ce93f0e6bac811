internal import CNetlinkRoute
internal import Glibc
internal import Steps

extension NetlinkSocket {
    /// Sends all messages at once and collects the answer to each. The kernel does them in order and goes on after one
    /// it refuses.
    ///
    /// - Throws: `NetlinkError` only when the conversation itself breaks: what was done is unknown then.
    public func transact(_ messages: [Message]) throws(NetlinkError) -> [Acknowledgement] {
        try transact(messages) { _, _, _ in }
    }

    /// Sends the messages; every one has to succeed.
    ///
    /// - Throws: the first refusal.
    public func perform(_ messages: [Message]) throws(NetlinkError) {
        for (message, answer) in zip(messages, try transact(messages)) where !answer.isSuccess {
            throw NetlinkError(operation: message.operation, errno: answer.errno, extack: answer.extack)
        }
    }

    /// Like `transact(_:)`; `reply` sees what the kernel sends back besides the acknowledgements: the number of the
    /// request, the message type and the payload.
    func transact(
        _ messages: [Message], reply: (Int, UInt16, UnsafeRawBufferPointer) -> Void
    ) throws(NetlinkError) -> [Acknowledgement] {
        try exchange.withLock { exchange throws(NetlinkError) in
            var answers: [Acknowledgement] = []
            answers.reserveCapacity(messages.count)
            while answers.count < messages.count {
                let start = answers.count
                let portion = exchange.portion(of: messages[start...])
                answers += try converse(portion, &exchange) { reply(start + $0, $1, $2) }
            }
            return answers
        }
    }

    private func converse(
        _ messages: ArraySlice<Message>, _ exchange: inout Exchange,
        reply: (Int, UInt16, UnsafeRawBufferPointer) -> Void
    ) throws(NetlinkError) -> [Acknowledgement] {
        let operation = messages.first?.operation ?? ""
        let first = exchange.sequence &+ 1
        let bytes = exchange.number(messages)
        if messages.contains(where: \.isChange) {
            let rest = messages.count > 1 ? " and \(messages.count - 1) more" : ""
            // The kernel does all of it on the sender's thread, before send(2) returns (netlink_sendmsg).
            try StepGate.step(.netlink, operation + rest) { () throws(NetlinkError) in try send(bytes, operation) }
        } else {
            try send(bytes, operation)
        }
        var answers = [Acknowledgement?](repeating: nil, count: messages.count)
        var missing = messages.count
        while missing > 0 {
            try receive(&exchange.buffer, operation) { header, payload in
                let number = Int(header.nlmsg_seq &- first)
                guard number < answers.count, answers[number] == nil else { return }  // of an earlier, broken exchange
                if header.nlmsg_type == UInt16(NLMSG_ERROR) {
                    answers[number] = Acknowledgement(header, payload)
                    missing -= 1
                } else {
                    reply(number, header.nlmsg_type, payload)
                }
            }
        }
        return answers.compactMap(\.self)
    }

    func send(_ bytes: [UInt8], _ operation: String) throws(NetlinkError) {
        var sent: Int
        repeat { sent = Glibc.send(descriptor, bytes, bytes.count, 0) } while sent < 0 && errno == EINTR
        guard sent == bytes.count else {
            throw NetlinkError(operation: operation, errno: sent < 0 ? errno : EMSGSIZE)
        }
    }

    /// Reads one datagram and hands over the messages in it. What did not come from the kernel is ignored.
    func receive(
        _ buffer: inout [UInt8], _ operation: String, _ each: (nlmsghdr, UnsafeRawBufferPointer) -> Void
    ) throws(NetlinkError) {
        var sender = sockaddr_nl()
        let count = read(into: &buffer, from: &sender)
        guard count >= 0 else {
            throw NetlinkError(operation: operation, errno: errno == EAGAIN ? ETIMEDOUT : errno)
        }
        guard count <= buffer.count else { throw NetlinkError(operation: operation, errno: EMSGSIZE) }
        guard sender.nl_pid == 0 else { return }
        buffer.withUnsafeBytes { bytes in
            Self.forEachMessage(in: UnsafeRawBufferPointer(rebasing: bytes[..<count]), each)
        }
    }

    /// Hands over the messages of a datagram up to the first that isn't whole.
    static func forEachMessage(in datagram: UnsafeRawBufferPointer, _ each: (nlmsghdr, UnsafeRawBufferPointer) -> Void)
    {
        var offset = 0
        let headerSize = MemoryLayout<nlmsghdr>.size
        while offset + headerSize <= datagram.count {
            let header = datagram.loadUnaligned(fromByteOffset: offset, as: nlmsghdr.self)
            let length = Int(header.nlmsg_len)
            guard length >= headerSize, offset + length <= datagram.count else { return }
            each(header, UnsafeRawBufferPointer(rebasing: datagram[offset + headerSize..<offset + length]))
            offset += (length + 3) & ~3
        }
    }

    private func read(into buffer: inout [UInt8], from sender: inout sockaddr_nl) -> Int {
        var count: Int
        repeat {
            var size = socklen_t(MemoryLayout<sockaddr_nl>.size)
            let capacity = buffer.count
            count = withUnsafeMutablePointer(to: &sender) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(descriptor, &buffer, capacity, Int32(MSG_TRUNC), $0, &size)
                }
            }
        } while count < 0 && errno == EINTR
        return count
    }
}

extension NetlinkSocket.Exchange {
    /// As many of the messages as one send may carry, but one at least.
    func portion(of messages: ArraySlice<Message>) -> ArraySlice<Message> {
        var size = 0
        var end = messages.startIndex
        while end < messages.endIndex, end - messages.startIndex < limit.messages {
            size += (messages[end].bytes.count + 3) & ~3
            if size > limit.bytes, end > messages.startIndex { break }
            end += 1
        }
        return messages[..<end]
    }

    /// The bytes of the messages one after the other, with sequence numbers.
    mutating func number(_ messages: ArraySlice<Message>) -> [UInt8] {
        var bytes: [UInt8] = []
        for message in messages {
            sequence &+= 1
            let start = bytes.count
            bytes += message.bytes
            bytes += repeatElement(0, count: -bytes.count & 3)
            bytes.withUnsafeMutableBytes {  // nlmsg_seq
                $0.storeBytes(of: sequence, toByteOffset: start + 8, as: UInt32.self)
            }
        }
        return bytes
    }
}

extension Acknowledgement {
    /// From an NLMSG_ERROR message: the negative errno, the header of the request, and, if flagged so, attributes.
    init(_ header: nlmsghdr, _ payload: UnsafeRawBufferPointer) {
        let code = payload.count >= 4 ? payload.loadUnaligned(as: Int32.self) : -EPROTO
        var text: String?
        if header.nlmsg_flags & UInt16(NLM_F_ACK_TLVS) != 0 {
            var size = MemoryLayout<nlmsgerr>.size
            if header.nlmsg_flags & UInt16(NLM_F_CAPPED) == 0, payload.count >= size {
                let request = payload.loadUnaligned(fromByteOffset: 4, as: nlmsghdr.self)
                size += Int(request.nlmsg_len) - MemoryLayout<nlmsghdr>.size
            }
            for attribute in Attributes(after: size, of: payload)
            where attribute.type == Int(NLMSGERR_ATTR_MSG.rawValue) {
                text = attribute.text
            }
        }
        self.init(errno: 0 &- code, extack: text)
    }
}
