import Addressing
import Dataplane
import Firewall
import NetworkModel
import Reconciler

/// IP forwarding: Fairlead turns it on where it is off, remembers that, and then lets nothing foreign through
/// (DESIGN section 5, Forwarding).
extension Engine {
    /// Sees to it that a family is forwarded before a network that needs it comes up.
    ///
    /// - Throws: Docker's refusal when forwarding is off and can't be turned on.
    func requireForwarding(_ family: AddressFamily, for network: Network) async throws(EngineError) {
        guard try bridge(of: network) != nil, !network.isInternal, configuration.ipForward else { return }
        if await platform.isForwarding(family) { return }
        do {
            try await turnOnForwarding(family)
        } catch {
            logger.error(
                "forwarding can't be turned on", metadata: ["family": "\(family)", "error": "\(error)"])
            throw EngineError(.system, "\(Self.forwardingIsOff(family)) (\(error.message))")
        }
    }

    /// Docker's words (moby `drivers/bridge`).
    private static func forwardingIsOff(_ family: AddressFamily) -> String {
        switch family {
        case .ipv4:
            "IPv4 forwarding is disabled: check your host's firewalling and set sysctl net.ipv4.ip_forward=1, or disable this check using daemon option --ip-forward=false"
        case .ipv6:
            "IPv6 global forwarding is disabled: check your host's firewalling and set sysctls net.ipv6.conf.all.forwarding=1 and net.ipv6.conf.default.forwarding=1, or disable this check using daemon option --ip-forward=false"
        }
    }

    /// Decides to turn a family on: the sysctl itself is part of what is desired from then on.
    func rememberForwarding(_ family: AddressFamily) async throws(EngineError) {
        if family == .ipv6 { try await platform.keepRouterAdvertisements() }
        try await commit(
            [.setSetting(Self.forwardingSetting(family), platform.ownIdentity)], for: "forwarding")
        forwardingTurnedOn.insert(family)
    }

    private func turnOnForwarding(_ family: AddressFamily) async throws(EngineError) {
        await acquire(hostLock, .exclusive)
        defer { release(hostLock) }
        // Somebody may have turned it on while this request waited.
        if await platform.isForwarding(family) { return }
        try await rememberForwarding(family)
        do {
            try await applyHost()
        } catch {
            forwardingTurnedOn.remove(family)
            await takeBack([.setSetting(Self.forwardingSetting(family), nil)], for: "forwarding")
            throw error
        }
        logger.notice(
            "turned IP forwarding on",
            metadata: [
                "family": "\(family)",
                "foreign traffic": "\(configuration.ipForwardNoDrop ? "let through" : "dropped")",
            ])
    }

    func applyHost() async throws(EngineError) {
        do {
            try await reconciler.apply([.host: desiredHost()])
        } catch {
            throw EngineError(kernel: error)
        }
    }

    /// What there shall be without any network: the table, and forwarding where it is ours to keep on.
    func desiredHost() -> State {
        var state = State()
        state.hasTable = true
        for family in forwardingTurnedOn {
            for path in Self.forwardingSysctls(family) { state.sysctls[SysctlID(path)] = "1" }
        }
        if !configuration.ipForwardNoDrop {
            for element in Ruleset.closedElements(for: forwardingTurnedOn.sorted()) { state.insert(element) }
        }
        return state
    }

    /// The setting that remembers where we turned forwarding on: in this boot, in this namespace.
    static func forwardingSetting(_ family: AddressFamily) -> String { "forwarding.\(family)" }

    private static func forwardingSysctls(_ family: AddressFamily) -> [String] {
        switch family {
        case .ipv4: ["net/ipv4/ip_forward"]
        case .ipv6: ["net/ipv6/conf/default/forwarding", "net/ipv6/conf/all/forwarding"]
        }
    }
}
