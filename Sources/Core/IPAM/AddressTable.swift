import Addressing
import NetworkModel

/// The addresses of one subnet that are taken, shared by every pool of that subnet.
struct AddressTable: Sendable {
    let subnet: IPPrefix
    /// The pools that share the table, by their range; nil is the pool without one.
    var ranges: Set<IPPrefix?>
    private var taken = IntervalSet()

    init(subnet: IPPrefix, range: IPPrefix?) {
        self.subnet = subnet
        ranges = [range]
        for address in Self.reserved(subnet) { taken.insert(address.value) }
    }

    /// What can't be a host's address (docker-network-api 4.3): IPv4's first and last unless the prefix is /31 or /32
    /// (RFC 3021), IPv6's first, the subnet-router anycast (RFC 4291 section 2.6.1).
    private static func reserved(_ subnet: IPPrefix) -> [IPAddress] {
        switch subnet.family {
        case .ipv4: subnet.length < 31 ? [subnet.first, subnet.last] : []
        case .ipv6: [subnet.first]
        }
    }

    /// Takes the preferred address, or the lowest free one of the range.
    mutating func request(
        range: IPPrefix?, preferred: IPAddress?, avoiding avoided: Set<IPAddress>
    ) throws(EngineError) -> IPAddress {
        if let preferred {
            guard subnet.contains(preferred) else {
                throw EngineError(.invalidArgument, "requested address is out of range")
            }
            if taken.contains(preferred.value) { throw EngineError(.forbidden, "Address already in use") }
            taken.insert(preferred.value)
            return preferred
        }
        guard let lowest = proposal(in: range, avoiding: avoided) else {
            throw EngineError(.unavailable, "no available addresses on this pool")
        }
        taken.insert(lowest.value)
        return lowest
    }

    mutating func release(_ address: IPAddress) {
        guard subnet.contains(address), !Self.reserved(subnet).contains(address) else { return }
        taken.remove(address.value)
    }

    /// The lowest free address; one of `avoided` only when all others are taken.
    private func proposal(in range: IPPrefix?, avoiding avoided: Set<IPAddress>) -> IPAddress? {
        let (lower, upper) = Self.dynamic(range ?? subnet)
        guard let lowest = taken.firstFree(lower, upper) else { return nil }
        let family = subnet.family
        if avoided.isEmpty { return IPAddress(family: family, value: lowest) }
        var candidate: UInt128? = lowest
        while let value = candidate {
            let address = IPAddress(family: family, value: value)
            if !avoided.contains(address) { return address }
            candidate = value < upper ? taken.firstFree(value + 1, upper) : nil
        }
        return IPAddress(family: family, value: lowest)
    }

    /// Everything taken in the subnet, and what is left in the range; saturating at 2^64−1 (docker-network-api 2.1).
    func usage(range: IPPrefix?) -> (inUse: UInt64, dynamicAvailable: UInt64) {
        let pool = range ?? subnet
        let left = pool.size - taken.count(in: pool.first.value, pool.last.value)
        return (UInt64(clamping: taken.count), UInt64(clamping: left))
    }

    /// Of a pool wider than /64, only the first 2^63 addresses are given out automatically (docker-network-api 2.4).
    private static func dynamic(_ pool: IPPrefix) -> (UInt128, UInt128) {
        let first = pool.first.value
        let isWide = pool.family == .ipv6 && pool.length < 64
        return (first, isWide ? first + (1 << 63) - 1 : pool.last.value)
    }
}
