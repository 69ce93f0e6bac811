import Addressing

/// Checks `IPAM.Config` as a client sends it (docker-network-api 2.4, step 6). Entries of a family that is off are
/// not looked at; one without a subnet counts as IPv6.
///
/// - Throws: 400 `invalid network config:` with every problem found.
public func validate(_ config: [IPAMConfig], enableIPv6: Bool) throws(EngineError) {
    var problems = ProblemList()
    for entry in config {
        let family = entry.subnet?.family ?? .ipv6
        if family == .ipv6, !enableIPv6 { continue }
        if let subnet = entry.subnet, subnet != subnet.masked {
            problems.append("invalid subnet \(subnet): it should be \(subnet.masked)")
        }
        if let range = entry.range { check(range, in: entry.subnet, of: family, &problems) }
        if let gateway = entry.gateway, let reason = misplacement(of: gateway, in: entry.subnet, of: family) {
            problems.append("invalid gateway \(gateway): \(reason)")
        }
        for (name, address) in entry.auxiliaryAddresses.sorted(by: { $0.key < $1.key }) {
            if let reason = misplacement(of: address, in: entry.subnet, of: family) {
                problems.append("invalid auxiliary address \(name): \(reason)")
            }
        }
    }
    try problems.refuse("invalid network config")
}

private func check(
    _ range: IPPrefix, in subnet: IPPrefix?, of family: AddressFamily, _ problems: inout ProblemList
) {
    guard range.family == family else {
        problems.append("invalid ip-range \(range): parent subnet is an \(family.title) block")
        return
    }
    if let subnet, range.length < subnet.length {
        problems.append("invalid ip-range \(range): CIDR block is bigger than its parent subnet \(subnet)")
    }
    if range != range.masked {
        problems.append("invalid ip-range \(range): it should be \(range.masked)")
    }
    if subnet?.overlaps(range) != true {
        problems.append("invalid ip-range \(range): parent subnet \(text(subnet)) doesn't contain ip-range")
    }
}

/// Why an address cannot be in a subnet; nil when it can.
private func misplacement(of address: IPAddress, in subnet: IPPrefix?, of family: AddressFamily) -> String? {
    if address.family != family { return "parent subnet is an \(family.title) block" }
    if subnet?.contains(address) == true { return nil }
    return "parent subnet \(text(subnet)) doesn't contain this address"
}

/// A subnet that is not there prints as Go's zero `netip.Prefix` does.
private func text(_ subnet: IPPrefix?) -> String {
    subnet?.description ?? "invalid Prefix"
}

extension AddressFamily {
    /// `IPv4` or `IPv6`.
    var title: String { self == .ipv4 ? "IPv4" : "IPv6" }
}
