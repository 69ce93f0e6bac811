public import Addressing
public import NetworkModel

/// Where subnets come from when the user names none: `base` cut into prefixes of length `size`.
///
/// dockerd's `--default-address-pool base=172.30.0.0/16,size=24`.
public struct DefaultPool: Sendable, Hashable {
    public let base: IPPrefix
    /// A prefix length, between the base's and the family's bits.
    public let size: Int

    /// Refuses a size that is wider than the base or longer than an address.
    public init(base: IPPrefix, size: Int) throws(EngineError) {
        guard size >= base.length, size <= base.family.bits else {
            throw EngineError(
                .invalidArgument,
                "invalid default address pool base=\(base),size=\(size): "
                    + "the size must be between \(base.length) and \(base.family.bits)")
        }
        self.init(cutting: base.masked, into: size)
    }

    private init(cutting base: IPPrefix, into size: Int) {
        self.base = base
        self.size = size
    }

    /// Docker's IPv4 pools for local networks, 31 subnets (docker-network-api 4.1).
    static let docker: [DefaultPool] = [
        ipv4(172, 17, bits: 16, size: 16), ipv4(172, 18, bits: 16, size: 16), ipv4(172, 19, bits: 16, size: 16),
        ipv4(172, 20, bits: 14, size: 16), ipv4(172, 24, bits: 14, size: 16), ipv4(172, 28, bits: 14, size: 16),
        ipv4(192, 168, bits: 16, size: 20),
    ]

    /// What follows when Docker's own pools are used up, so that 10,000 networks fit (DESIGN section 5).
    static let overflow = ipv4(10, 128, bits: 9, size: 24)

    /// Where networks of scope `global` draw from (docker-network-api 4.1).
    static let global = ipv4(10, 0, bits: 8, size: 24)

    /// The host's own unique local /48 (RFC 4193 section 3.2.2, Docker's derivation: docker-network-api 4.1): the global
    /// id is bytes 3 to 7 of the SHA-256 of the host's id, so it is the same at every start.
    static func uniqueLocal(hostID: String) -> DefaultPool {
        let globalID = SHA256.digest(Array(hostID.utf8))[3..<8].reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        let address = IPAddress(family: .ipv6, value: (0xFD << 40 | globalID) << 80)
        return cut(address, 48, 64)
    }

    /// Sorted by base, and without those that an earlier, shorter one covers: the order of the configuration
    /// doesn't matter (docker-network-api 4.1).
    static func normalised(_ pools: [DefaultPool]) -> [DefaultPool] {
        var kept: [DefaultPool] = []
        for pool in pools.sorted(by: { ($0.base, $0.size) < ($1.base, $1.size) }) {
            if let last = kept.last, last.base.overlaps(pool.base) { continue }
            kept.append(pool)
        }
        return kept
    }

    private static func ipv4(_ first: UInt8, _ second: UInt8, bits: Int, size: Int) -> DefaultPool {
        cut(IPAddress(family: .ipv4, value: UInt128(first) << 24 | UInt128(second) << 16), bits, size)
    }

    private static func cut(_ address: IPAddress, _ length: Int, _ size: Int) -> DefaultPool {
        // The lengths are the constants above, all within the family, so the alternative is never taken.
        DefaultPool(cutting: IPPrefix(address: address, length: length) ?? IPPrefix(host: address), into: size)
    }
}
