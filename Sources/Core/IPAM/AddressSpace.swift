import Addressing
import NetworkModel

/// The subnets of one family that are allocated, and the addresses in them.
struct AddressSpace: Sendable {
    /// One allocated subnet, in an order in which a prefix precedes all that it contains.
    private struct Key: Sendable, Comparable {
        let first: UInt128
        let length: UInt8

        init(_ prefix: IPPrefix) {
            first = prefix.first.value
            length = UInt8(prefix.length)
        }

        static func < (left: Key, right: Key) -> Bool {
            left.first == right.first ? left.length < right.length : left.first < right.first
        }
    }

    let family: AddressFamily
    private var tables: [IPPrefix: AddressTable] = [:]
    private var subnets: [Key] = []
    /// All that any subnet covers.
    private var covered = IntervalSet()

    init(family: AddressFamily) { self.family = family }

    func table(of subnet: IPPrefix) -> AddressTable? { tables[subnet] }

    /// Changes a subnet's table in place; nil when the subnet isn't allocated.
    mutating func withTable<T>(
        of subnet: IPPrefix, _ body: (inout AddressTable) throws(EngineError) -> T
    ) throws(EngineError) -> T? {
        guard let index = tables.index(forKey: subnet) else { return nil }
        return try body(&tables.values[index])
    }

    mutating func release(_ address: IPAddress, in subnet: IPPrefix) {
        tables[subnet]?.release(address)
    }

    func overlaps(_ subnet: IPPrefix) -> Bool { covered.overlaps(subnet) }

    func isAllocated(_ subnet: IPPrefix, range: IPPrefix?) -> Bool {
        tables[subnet]?.ranges.contains(range) ?? false
    }

    /// The lowest prefix of the pool's size that no allocated subnet and none of the `blocked` overlap.
    func proposal(from base: IPPrefix, size: Int, blocked: [IntervalSet]) -> IPPrefix? {
        let hostBits = UInt128(family.bits - size)
        let width: UInt128 = hostBits == 128 ? .max : (1 << hostBits) - 1
        var lower = base.first.value
        while lower <= base.last.value, base.last.value - lower >= width {
            let upper = lower + width
            var obstacle = covered.endOfOverlap(lower, upper)
            for set in blocked {
                if let end = set.endOfOverlap(lower, upper) { obstacle = max(obstacle ?? end, end) }
            }
            guard let obstacle else {
                return IPPrefix(address: IPAddress(family: family, value: lower), length: size)
            }
            let last = obstacle | width
            guard last < base.last.value else { return nil }
            lower = last + 1
        }
        return nil
    }

    /// Allocates, or adds a range to what is allocated.
    mutating func insert(_ subnet: IPPrefix, range: IPPrefix?) {
        if tables[subnet]?.ranges.insert(range) != nil { return }
        tables[subnet] = AddressTable(subnet: subnet, range: range)
        let key = Key(subnet)
        subnets.insert(key, at: position(of: key))
        covered.insert(subnet)
    }

    /// Drops the pool, and with its last range the subnet and every address in it.
    mutating func remove(_ subnet: IPPrefix, range: IPPrefix?) {
        tables[subnet]?.ranges.remove(range)
        guard tables[subnet]?.ranges.isEmpty == true else { return }
        tables[subnet] = nil
        subnets.remove(at: position(of: Key(subnet)))
        if containers(of: subnet).isEmpty {
            covered.remove(subnet)
            for inner in contained(in: subnet) { covered.insert(inner) }
        }
    }

    /// Every allocated subnet that shares an address with this one, itself included, wider ones first.
    func overlapping(_ subnet: IPPrefix) -> [IPPrefix] {
        overlaps(subnet) ? containers(of: subnet) + contained(in: subnet) : []
    }

    /// The allocated subnets strictly wider than this one that contain it.
    private func containers(of subnet: IPPrefix) -> [IPPrefix] {
        (0..<subnet.length).compactMap { length in
            guard let wider = IPPrefix(address: subnet.address, length: length)?.masked, tables[wider] != nil
            else { return nil }
            return wider
        }
    }

    /// The allocated subnets inside this one, itself included.
    private func contained(in subnet: IPPrefix) -> [IPPrefix] {
        var found: [IPPrefix] = []
        var index = position(of: Key(subnet))
        while index < subnets.count, subnets[index].first <= subnet.last.value {
            let address = IPAddress(family: family, value: subnets[index].first)
            if let prefix = IPPrefix(address: address, length: Int(subnets[index].length)) { found.append(prefix) }
            index += 1
        }
        return found
    }

    /// Where a key is or would be: binary search.
    private func position(of key: Key) -> Int {
        if let last = subnets.last, last < key { return subnets.count }
        var low = 0
        var high = subnets.count
        while low < high {
            let middle = (low + high) / 2
            if subnets[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
