internal import CNetlinkRoute
internal import Glibc

extension NetlinkSocket {
    /// The ids by which this socket's namespace knows others (RTM_GETNSID), asked for in one send; nil for one it has
    /// none for. The descriptors are open network namespaces.
    public func namespaceNumbers(of descriptors: [Int32]) throws(NetlinkError) -> [Int32?] {
        var requests: [Message] = []
        for descriptor in descriptors {
            var builder = MessageBuilder(type: RTM_GETNSID, flags: NLM_F_ACK)
            builder.append(rtgenmsg())
            builder.put(Int(NETNSA_FD), descriptor)
            requests.append(try builder.finish("look up a namespace's number"))
        }
        var numbers = [Int32?](repeating: nil, count: descriptors.count)
        let answers = try transact(requests) { request, type, payload in
            guard type == UInt16(RTM_NEWNSID) else { return }
            for attribute in Attributes(after: MemoryLayout<rtgenmsg>.size, of: payload)
            where attribute.type == Int(NETNSA_NSID) {
                // NETNSA_NSID_NOT_ASSIGNED is -1.
                numbers[request] = attribute.integer().flatMap { $0 >= 0 ? $0 : nil }
            }
        }
        for (request, answer) in zip(requests, answers) where !answer.isSuccess {
            throw NetlinkError(operation: request.operation, errno: answer.errno, extack: answer.extack)
        }
        return numbers
    }
}
