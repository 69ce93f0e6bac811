public import IPAM
import NetworkModel
import Synchronization

extension Engine {
    /// What `/info` and `/version` tell; labels and pools follow a reload.
    public nonisolated var host: HostDescription { description.withLock { $0 } }

    /// Takes over what a reloaded configuration changes at once (DESIGN section 7): the rest needs a restart. Networks
    /// that are there keep their subnets. Pools of nil are Docker's, and then ours.
    public func reload(labels: [String], defaultAddressPools pools: [DefaultPool]?, isDebug: Bool) {
        let host = description.withLock { description in
            description.labels = labels
            description.defaultAddressPools = pools
            description.isDebug = isDebug
            return description
        }
        ipam.setPools(pools, hostID: host.id)
        let list = labels.map { "\"\($0)\"" }.joined(separator: ",")
        events.publish(
            Event(
                type: "daemon", action: "reload", actor: host.id,
                attributes: ["name": host.name, "debug": "\(isDebug)", "labels": "[\(list)]"], time: .now()))
    }
}
