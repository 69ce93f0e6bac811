internal import Glibc
internal import Netlink

extension Collector {
    /// Deletes the links, and with `look` all others that are doomed.
    func collect(_ links: [Doomed], look: Bool) async {
        var bridges = links.filter(\.isBridge)
        let veths = links.filter { !$0.isBridge }
        if look || veths.count > 3 {
            // A dump of ten thousand links is 90 ms of work: worth it for several, not for one.
            bridges += await threads.run { self.deleteByGroup() }
        } else {
            await threads.run { for veth in veths { self.delete(veth) } }
        }
        for bridge in Set(bridges).sorted(by: { $0.name < $1.name }) {
            await giveWay()
            await threads.run { self.delete(bridge) }
        }
    }

    /// The kernel looks the name up itself, so that it can't be another link's index by now.
    private func delete(_ link: Doomed) {
        do {
            let socket = try sockets.borrow()
            let answer = try socket.transact([Message.deleteLink(named: link.name)])
            sockets.giveBack(socket)
            if let refusal = answer.first, !refusal.isSuccess, refusal.errno != ENODEV {
                report(link.name, NetlinkError.text(of: refusal.errno))
            }
        } catch {
            report(link.name, error.description)
        }
    }

    /// Deletes every doomed veth.
    ///
    /// - Returns: The doomed bridges.
    private func deleteByGroup() -> [Doomed] {
        do {
            let socket = try sockets.borrow()
            var before = Int.max
            while true {
                let links = try socket.links()
                let doomed = links.filter(groups.isDoomed)
                let bridges = doomed.filter { $0.kind == "bridge" }
                let others = doomed.filter { $0.kind != "bridge" }
                let foreign = links.filter { $0.group == groups.doomed && !groups.isDoomed($0) }
                // As many as before: the kernel refuses them.
                guard !others.isEmpty, others.count < before else {
                    sockets.giveBack(socket)
                    return bridges.map { Doomed(name: $0.name, isBridge: true) }
                }
                before = others.count
                if let stranger = foreign.first {
                    report(stranger.name, "it is not ours, but in our link group: deleting ours one by one")
                    for link in others { delete(Doomed(name: link.name, isBridge: false)) }
                } else {
                    try deleteGroup(of: Array(others.prefix(100)), among: doomed, socket)
                }
            }
        } catch {
            report("group \(groups.doomed)", error.description)
            return []
        }
    }

    /// Deletes these links with one message. Whatever else is doomed has to leave the group for that; its name still
    /// tells.
    private func deleteGroup(
        of links: [Link], among doomed: [Link], _ socket: NetlinkSocket
    ) throws(NetlinkError) {
        let chosen = Set(links.map(\.index))
        var messages: [Message] = []
        for link in doomed {
            let group = chosen.contains(link.index) ? groups.doomed : groups.owned
            if link.group != group {
                messages.append(try .changeLink(link.index, LinkChange(group: group), called: link.name))
            }
        }
        messages.append(try .deleteLinks(inGroup: groups.doomed))
        guard let answer = try socket.transact(messages).last, !answer.isSuccess, answer.errno != ENODEV else { return }
        throw NetlinkError(
            operation: "delete the doomed links", errno: answer.errno, extack: answer.extack)
    }
}
