internal import CNetlinkRoute
internal import Glibc

extension Message {
    /// Deletes a link; one end of a veth pair takes the other along.
    public static func deleteLink(_ index: Int32, called name: String) throws(NetlinkError) -> Message {
        let operation = "delete link \(name)"
        // Index 0 and no name would mean something else.
        guard index > 0 else { throw NetlinkError(operation: operation, errno: EINVAL) }
        var header = ifinfomsg()
        header.ifi_index = index
        var builder = MessageBuilder(type: RTM_DELLINK, flags: NLM_F_ACK)
        builder.append(header)
        return try builder.finish(operation)
    }

    /// Deletes the link of that name, which the kernel looks up itself.
    public static func deleteLink(named name: String) throws(NetlinkError) -> Message {
        var builder = MessageBuilder(type: RTM_DELLINK, flags: NLM_F_ACK)
        builder.append(ifinfomsg())
        builder.put(IFLA_IFNAME, name)
        return try builder.finish("delete link \(name)")
    }

    /// Deletes every link in the group, whosever it is. Group 0 is where every link is by default, and refused (EINVAL).
    public static func deleteLinks(inGroup group: UInt32) throws(NetlinkError) -> Message {
        let operation = "delete the links in group \(group)"
        guard group != 0 else { throw NetlinkError(operation: operation, errno: EINVAL) }
        var builder = MessageBuilder(type: RTM_DELLINK, flags: NLM_F_ACK)
        builder.append(ifinfomsg())
        builder.put(IFLA_GROUP, group)
        return try builder.finish(operation)
    }
}
