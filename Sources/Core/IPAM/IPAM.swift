public import Addressing
public import NetworkModel

/// The default address manager: pools give subnets, subnets give addresses (docker-network-api 4).
///
/// A value without I/O: it proposes and remembers, the store makes reservations last. One table of subnets a family,
/// whatever the scope, so that nothing is ever given out twice.
public struct IPAM: Sendable {
    private var pools: [AddressFamily: [DefaultPool]] = [:]
    private var ipv4 = AddressSpace(family: .ipv4)
    private var ipv6 = AddressSpace(family: .ipv6)

    /// - Parameters:
    ///   - pools: The operator's `default-address-pools`; they replace Docker's of the families they have.
    ///   - hostID: What the host's unique local IPv6 prefix is made from.
    public init(pools: [DefaultPool]? = nil, hostID: String) {
        setPools(pools, hostID: hostID)
    }

    /// Other default pools for what comes next; subnets already given stay as they are.
    public mutating func setPools(_ pools: [DefaultPool]?, hostID: String) {
        let given = DefaultPool.normalised(pools ?? [])
        let ipv4 = given.filter { $0.base.family == .ipv4 }
        let ipv6 = given.filter { $0.base.family == .ipv6 }
        self.pools[.ipv4] = ipv4.isEmpty ? DefaultPool.docker + [DefaultPool.overflow] : ipv4
        self.pools[.ipv6] = ipv6.isEmpty ? [DefaultPool.uniqueLocal(hostID: hostID)] : ipv6
    }

    // MARK: Subnets

    /// Allocates a subnet: the one given, or, when it is nil, `0.0.0.0/N` or `::/N`, the first that fits.
    ///
    /// Dynamic addresses will come from `range`. A request with a range is checked only against the same subnet with
    /// the same range, so that networks can share a subnet (docker-network-api 2.4). Scope `global` draws from
    /// 10.0.0.0/8 in /24s.
    ///
    /// Throws `forbidden` when the subnet overlaps one that is allocated, `invalidArgument` when no default pool has room
    /// or none is as wide as the size asked for, `system` for a range without a subnet.
    public mutating func requestPool(
        family: AddressFamily, subnet: IPPrefix?, range: IPPrefix? = nil, scope: String = "local",
        host: HostAddressing = HostAddressing()
    ) throws(EngineError) -> IPPrefix {
        let range = range?.masked
        let chosen: IPPrefix
        if let subnet, !subnet.address.isUnspecified {
            chosen = subnet.masked
            let isRefused = self[family].isAllocated(chosen, range: range)
            if isRefused || range == nil && self[family].overlaps(chosen) { throw Self.overlap }
        } else {
            if let range { throw Self.rangeWithoutSubnet(range, scope: scope) }
            // A length of 0 is no size: it is what "unspecified" looks like.
            let size = subnet.flatMap { $0.length == 0 ? nil : $0.length }
            chosen = try propose(family, size: size, scope: scope, host: host)
        }
        self[family].insert(chosen, range: range)
        return chosen
    }

    /// Takes a pool again as the store has it: only the same subnet with the same range is refused, since the order
    /// in which overlapping networks were made isn't known any more.
    public mutating func restorePool(subnet: IPPrefix, range: IPPrefix?) throws(EngineError) {
        if self[subnet.family].isAllocated(subnet.masked, range: range?.masked) { throw Self.overlap }
        self[subnet.family].insert(subnet.masked, range: range?.masked)
    }

    /// Gives a pool back; the last one of a subnet takes every address in it along. Addresses of a pool whose subnet
    /// others still use must be released one by one first. Nothing happens when it isn't allocated.
    public mutating func releasePool(subnet: IPPrefix, range: IPPrefix?) {
        self[subnet.family].remove(subnet.masked, range: range?.masked)
    }

    /// Every allocated subnet that shares an address with this one, itself included: for drivers that refuse what
    /// a request with a range is allowed.
    public func overlapping(_ subnet: IPPrefix) -> [IPPrefix] { self[subnet.family].overlapping(subnet.masked) }

    /// The ranges of the pools that share this subnet; nil stands for the pool without a range.
    public func ranges(of subnet: IPPrefix) -> Set<IPPrefix?> {
        self[subnet.family].table(of: subnet.masked)?.ranges ?? []
    }

    private func propose(
        _ family: AddressFamily, size: Int?, scope: String, host: HostAddressing
    ) throws(EngineError) -> IPPrefix {
        let candidates = scope == "global" && family == .ipv4 ? [DefaultPool.global] : pools[family] ?? []
        let fitting = candidates.filter { $0.base.length <= size ?? $0.size }
        if fitting.isEmpty { throw EngineError(.invalidArgument, "invalid address pool") }
        let reserved = host.reserved(family)
        for blocked in [[reserved, host.routed(family)], [reserved]] {
            for pool in fitting {
                let found = self[family].proposal(from: pool.base, size: size ?? pool.size, blocked: blocked)
                if let found { return found }
            }
        }
        throw EngineError(.invalidArgument, "all predefined address pools have been fully subnetted")
    }

    private static let overlap = EngineError(
        .forbidden, "invalid pool request: Pool overlaps with other one on this address space")

    private static func rangeWithoutSubnet(_ range: IPPrefix, scope: String) -> EngineError {
        let space = scope == "global" ? "GlobalDefault" : "LocalDefault"
        return EngineError(
            .system,
            "failed to parse pool request for address space \"\(space)\" pool \"\" subpool \"\(range)\": "
                + "invalid address subpool")
    }

    // MARK: Addresses

    /// Allocates an address: the preferred one, anywhere in the subnet, or the lowest free of the range or subnet.
    /// Those to avoid, the static addresses of stopped containers, are given out only when nothing else is free.
    ///
    /// Throws `forbidden` when the preferred one is taken, `invalidArgument` when it is outside the subnet,
    /// `unavailable` when none is left, `notFound` when the subnet isn't allocated.
    public mutating func requestAddress(
        in subnet: IPPrefix, range: IPPrefix? = nil, preferred: IPAddress? = nil, avoiding avoided: Set<IPAddress> = []
    ) throws(EngineError) -> IPAddress {
        let subnet = subnet.masked
        let address = try self[subnet.family].withTable(of: subnet) { table throws(EngineError) in
            try table.request(range: range, preferred: preferred, avoiding: avoided)
        }
        guard let address else { throw EngineError(.notFound, "cannot find address pool \(subnet)") }
        return address
    }

    /// Gives an address back. What every subnet keeps for itself, its network and broadcast address, stays taken.
    public mutating func releaseAddress(_ address: IPAddress, in subnet: IPPrefix) {
        self[subnet.family].release(address, in: subnet.masked)
    }

    /// How many addresses of the subnet are taken, and how many of the range, or the subnet, are not; both at most
    /// 2^64−1 (docker-network-api 2.1). Zeros when the subnet isn't allocated.
    public func usage(subnet: IPPrefix, range: IPPrefix?) -> (inUse: UInt64, dynamicAvailable: UInt64) {
        self[subnet.family].table(of: subnet.masked)?.usage(range: range) ?? (0, 0)
    }

    private subscript(family: AddressFamily) -> AddressSpace {
        _read {
            switch family {
            case .ipv4: yield ipv4
            case .ipv6: yield ipv6
            }
        }
        _modify {
            switch family {
            case .ipv4: yield &ipv4
            case .ipv6: yield &ipv6
            }
        }
    }
}
