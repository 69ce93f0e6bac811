import Addressing
import Glibc

@testable import Kernel
@testable import Netlink

extension FuzzTarget {
    /// Datagrams of rtnetlink: dumps, acknowledgements with their text.
    static let netlink = FuzzTarget("netlink") { input in
        NetlinkSocket.forEachMessage(in: input) { header, payload in
            switch header.nlmsg_type {
            case 2:
                let answer = Acknowledgement(header, payload)
                require(answer.isSuccess == (answer.errno == 0), "neither done nor refused")
                let error = NetlinkError(operation: "x", errno: answer.errno, extack: answer.extack)
                require(!error.description.isEmpty, "an error without a text")
            case 16, 17: check(Link(payload))
            case 20, 21: check(LinkAddress(payload).map(\.prefix))
            case 24, 25: check(Route(payload).map(\.destination))
            case 28, 29: check(Neighbour(payload).map { IPPrefix(host: $0.address) })
            default: break
            }
            _ = Notification(type: header.nlmsg_type, payload)
        }
    }

    /// What a monitor hears: a byte for the length of the control message that names the namespace, that message, then
    /// datagrams of rtnetlink and nfnetlink.
    static let notifications = FuzzTarget("notifications") { input in
        guard let length = input.first, input.count > Int(length) else { return }
        let namespace = MonitorSocket.namespace(UnsafeRawBufferPointer(rebasing: input[1..<1 + Int(length)]))
        var knowledge = MonitorKnowledge(groups: LinkGroups(owned: 0x10001, doomed: 0x10002))
        let table = MonitorTable(name: "fairlead", ownPorts: [7])
        var hint = DriftHint()
        var isTouched = false
        let datagram = UnsafeRawBufferPointer(rebasing: input[(1 + Int(length))...])
        MonitorSocket.forEachMessage(in: datagram, of: namespace) { header, payload in
            let before = hint
            if header.type >> 8 == 10 {
                table.take(header, payload, &isTouched, into: &hint)
            } else {
                knowledge.take(header, payload, into: &hint)
            }
            require(before.links.isSubset(of: hint.links), "what was heard is forgotten")
            require(namespace == nil || !hint.table && !hint.settings, "another namespace's, taken for ours")
        }
    }

    /// Datagrams of conntrack; and the text in /proc, which begins with a byte that no datagram's length has.
    static let conntrack = FuzzTarget("conntrack") { input in
        let wanted: Set<IPAddress> = Set(["172.28.0.2", "fd00::2"].compactMap { IPAddress($0) })
        let text = Array(input)
        let isNamed = ConnectionText.names(text, anyOf: wanted)
        require(!isNamed || text.contains(UInt8(ascii: "=")), "an address without its key")
        var outcomes = [Int32?](repeating: nil, count: 4)
        RawNetlinkSocket.read(input, into: &outcomes) { payload in
            guard let connection = Connection(payload) else { return }
            require(connection.involves { $0 == connection.reply.source }, "a connection without its own address")
            require(
                connection.key.contains { $0.type & 0x3FFF == ConntrackAttribute.original }, "nothing to name it by")
            var message = RawMessage(type: 0x102, flags: 4, header: [2, 1, 0, 0])
            for (type, value) in connection.key { message.put(type, value) }
            require(message.finished(sequence: 1).count % 4 == 0, "a message that isn't padded")
        }
    }

    private static func check(_ link: Link?) {
        guard let link else { return }
        require(!link.name.contains("\0") && !link.alias.contains("\0"), "a name with a zero in it")
    }

    private static func check(_ prefix: IPPrefix?) {
        guard let prefix else { return }
        require((0...prefix.family.bits).contains(prefix.length), "a prefix longer than its address")
        require(IPPrefix(prefix.description) == prefix, "\(prefix) is read as another")
    }
}
