/// The endpoint driver option that sets sysctls of the container's interface: a comma list of
/// `net.{ipv4,ipv6,mpls}.X.IFNAME.Y=V` (docker-network-api 3.7).
public enum EndpointSysctls {
    public static let option = "com.docker.network.endpoint.sysctls"

    /// One sysctl of one interface, its name still to be put in.
    public struct Setting: Sendable, Hashable {
        /// Dotted, `net.ipv4.conf.IFNAME.`: what stands before the interface's place ends with a dot.
        public let prefix: String
        /// What stands behind it, beginning with a dot.
        public let suffix: String
        public let value: String

        /// The path below /proc/sys for an interface.
        public func path(interface: String) -> String {
            prefix.replacing(".") + interface + suffix.replacing(".")
        }
    }

    /// What the option's text asks for, malformed items (which validation has refused) left out.
    public static func settings(_ text: String) -> [Setting] {
        items(text).compactMap { item in
            guard isWellFormed(item) else { return nil }
            let sides = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2 else { return nil }
            let parts = sides[0].split(separator: ".", maxSplits: 4, omittingEmptySubsequences: false)
            guard parts.count == 5 else { return nil }
            return Setting(
                prefix: parts[0..<3].joined(separator: ".") + ".", suffix: "." + parts[4], value: String(sides[1]))
        }
    }

    static func items(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    /// Five dotted parts, a known family, the interface's place kept open (the docker CLI may have lowered its case).
    static func isWellFormed(_ item: String) -> Bool {
        let parts = item.split(separator: ".", maxSplits: 4, omittingEmptySubsequences: false)
        return parts.count == 5 && ["ipv4", "ipv6", "mpls"].contains(parts[1])
            && ["IFNAME", "ifname"].contains(parts[3])
    }
}

extension String {
    /// Dots become slashes.
    fileprivate func replacing(_ dot: Character) -> String {
        String(map { $0 == dot ? "/" : $0 })
    }
}
