extension Container {
    /// The names an endpoint of this container answers to on a user-defined network: container name, aliases, short
    /// id, host name, each once, in that order (docker-network-api 2.9).
    public func dnsNames(aliases: [String]) -> [String] {
        var seen: Set<String> = []
        return ([name] + aliases + [id.short, hostname]).filter { !$0.isEmpty && seen.insert($0).inserted }
    }

    /// What it calls itself: its short id unless the client said something else.
    public var hostname: String {
        config.hostname.isEmpty ? id.short : config.hostname
    }
}
