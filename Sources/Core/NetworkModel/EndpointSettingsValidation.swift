import Addressing

/// Checks how a container wants to be on a network (docker-network-api 2.5, step 6). A network that doesn't exist (yet)
/// is nil, which leaves its subnets unchecked; the predefined ones, by the name the client gave (`bridge`, `host`,
/// `none`, `default`), are not user-defined.
///
/// - Throws: 400 `invalid endpoint settings:` with every problem found.
public func validate(
    _ settings: EndpointSettings, on network: Network?, isUserDefined: Bool
) throws(EngineError) {
    var problems = ProblemList()
    if !isUserDefined {
        if settings.ipam?.ipv4 != nil || settings.ipam?.ipv6 != nil {
            problems.append("user-specified IP address is supported on user-defined networks only")
        }
        if settings.aliases?.isEmpty == false {
            problems.append("network-scoped aliases are only supported for user-defined networks")
        }
    }
    if let ipam = settings.ipam {
        checkForm(of: ipam, &problems)
        if let network { checkPlace(of: ipam, on: network, &problems) }
    }
    if let text = settings.driverOptions?[EndpointSysctls.option] {
        for item in EndpointSysctls.items(text) where !EndpointSysctls.isWellFormed(item) {
            problems.append(
                "unrecognised network interface sysctl '\(item)'; represent 'net.X.Y.ethN.Z=V' as "
                    + "'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', 'ipv6' or 'mpls'")
        }
    }
    try problems.refuse("invalid endpoint settings")
}

private func checkForm(of ipam: EndpointSettings.IPAM, _ problems: inout ProblemList) {
    if let address = ipam.ipv4, address.unmapped.family != .ipv4 || address.unmapped.isUnspecified {
        problems.append("invalid IPv4 address: \(address)")
    }
    if let address = ipam.ipv6, address.unmapped.family != .ipv6 || address.isUnspecified {
        problems.append("invalid IPv6 address: \(address)")
    }
    for address in ipam.linkLocal ?? [] where address.unmapped.isUnspecified {
        problems.append("invalid link-local IP address: \(address)")
    }
}

private func checkPlace(of ipam: EndpointSettings.IPAM, on network: Network, _ problems: inout ProblemList) {
    for (address, family) in [(ipam.ipv4, AddressFamily.ipv4), (ipam.ipv6, .ipv6)] {
        guard let address else { continue }
        if !network.pools(of: family).contains(where: { $0.subnet.contains(address) }) {
            problems.append("no configured subnet contains IP address \(address)")
        }
    }
}
