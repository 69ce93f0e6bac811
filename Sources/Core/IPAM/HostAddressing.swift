public import Addressing

/// What of the host's own addressing bends the choice of a subnet (DESIGN section 5, "IPAM and the host").
///
/// Leave out what belongs to the daemon's own networks: IPAM knows them, and a freed subnet is to be used again at once,
/// even while its bridge still waits to be deleted.
public struct HostAddressing: Sendable {
    private var reserved: [AddressFamily: IntervalSet] = [:]
    private var routed: [AddressFamily: IntervalSet] = [:]

    /// - Parameters:
    ///   - reserved: Interface addresses with their prefixes, on-link routes, nameservers: never proposed over.
    ///   - routes: Every other route; those of length /8 and shorter are ignored, since a default route or a VPN's
    ///     aggregate would cover all there is. Proposed over only when nothing else is left.
    public init(reserved: [IPPrefix] = [], routes: [IPPrefix] = []) {
        for prefix in reserved { self.reserved[prefix.family, default: IntervalSet()].insert(prefix) }
        for prefix in routes where prefix.length > 8 { routed[prefix.family, default: IntervalSet()].insert(prefix) }
    }

    func reserved(_ family: AddressFamily) -> IntervalSet { reserved[family] ?? IntervalSet() }
    func routed(_ family: AddressFamily) -> IntervalSet { routed[family] ?? IntervalSet() }
}

extension IntervalSet {
    mutating func insert(_ prefix: IPPrefix) { insert(prefix.first.value, prefix.last.value) }
    mutating func remove(_ prefix: IPPrefix) { remove(prefix.first.value, prefix.last.value) }
    func overlaps(_ prefix: IPPrefix) -> Bool { endOfOverlap(prefix.first.value, prefix.last.value) != nil }
}
