/// Something dockerd can be told that Fairlead does nothing with.
struct ForeignDirective: Hashable {
    /// What it means that it does nothing.
    enum Verdict: Hashable {
        /// Nobody here would notice: a warning.
        case harmless(String)
        /// It asks for something that isn't there: an error.
        case refused(String)
        /// Harmless with one of these values, else refused.
        case refusedUnless([String], String)
    }

    /// Its key in the file.
    let key: String
    /// Its flag, without dashes; nil: only in the file.
    let flag: String?
    /// Whether the flag stands without a value.
    let isBoolean: Bool
    let verdict: Verdict

    /// Warns or refuses for one value, in text as the flag would have it; `name` is how the operator wrote it: `--dns`, or
    /// `dns`. Returns the warning, throws the refusal.
    func judge(_ value: String, name: String) throws(ConfigurationError) -> String {
        switch verdict {
        case .harmless(let reason): return "\(name) changes nothing: \(reason)"
        case .refused(let reason): throw ConfigurationError("\(name) is not supported: \(reason)")
        case .refusedUnless(let values, let reason):
            guard values.contains(value) else {
                throw ConfigurationError("\(name)=\(value) is not supported: \(reason)")
            }
            return "\(name)=\(value) changes nothing: it is so anyway"
        }
    }

    static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })
    static let byFlag = Dictionary(uniqueKeysWithValues: all.compactMap { one in one.flag.map { ($0, one) } })

    /// All of dockerd's (docker manual, `dockerd` reference) that `Directive` doesn't have.
    static let all: [ForeignDirective] = images + processes + logs + cluster + security + networking + others

    private static let images =
        many(
            [
                ("registry-mirrors", "registry-mirror"), ("insecure-registries", "insecure-registry"),
                ("allow-nondistributable-artifacts", "allow-nondistributable-artifacts"),
                ("storage-driver", "storage-driver"), ("storage-opts", "storage-opt"),
                ("max-concurrent-downloads", "max-concurrent-downloads"),
                ("max-concurrent-uploads", "max-concurrent-uploads"),
                ("max-download-attempts", "max-download-attempts"),
                ("http-proxy", "http-proxy"), ("https-proxy", "https-proxy"), ("no-proxy", "no-proxy"),
            ], .harmless("Fairlead neither pulls nor stores images")) + [
            ForeignDirective(
                key: "proxies", flag: nil, isBoolean: false,
                verdict: .harmless("Fairlead neither pulls nor stores images")),
            ForeignDirective(
                key: "builder", flag: nil, isBoolean: false, verdict: .harmless("Fairlead builds no images")),
        ]

    private static let processes =
        many(
            [
                ("exec-opts", "exec-opt"), ("containerd", "containerd"),
                ("containerd-namespace", "containerd-namespace"),
                ("containerd-plugins-namespace", "containerd-plugins-namespace"),
                ("default-runtime", "default-runtime"), ("default-shm-size", "default-shm-size"),
                ("default-ulimits", "default-ulimit"), ("init-path", "init-path"),
                ("cpu-rt-period", "cpu-rt-period"), ("cpu-rt-runtime", "cpu-rt-runtime"),
                ("seccomp-profile", "seccomp-profile"), ("default-cgroupns-mode", "default-cgroupns-mode"),
                ("default-ipc-mode", "default-ipc-mode"), ("cgroup-parent", "cgroup-parent"),
                ("cdi-spec-dirs", "cdi-spec-dir"), ("shutdown-timeout", "shutdown-timeout"),
            ], .harmless(noProcesses))
        + switches(["init", "no-new-privileges"], .harmless(noProcesses)) + [
            ForeignDirective(key: "runtimes", flag: nil, isBoolean: false, verdict: .harmless(noProcesses)),
            // A flag only, with no key of its own in the file.
            ForeignDirective(
                key: "add-runtime", flag: "add-runtime", isBoolean: false, verdict: .harmless(noProcesses)),
        ]

    private static let noProcesses = "Fairlead runs no processes in containers"

    private static let logs =
        many([("log-driver", "log-driver"), ("log-opts", "log-opt")], .harmless("containers have no output here"))
        + switches(["raw-logs"], .harmless("the log has no colours"))

    private static let cluster =
        many(
            [
                ("swarm-default-advertise-addr", "swarm-default-advertise-addr"),
                ("node-generic-resources", "node-generic-resource"),
                ("network-control-plane-mtu", "network-control-plane-mtu"),
            ], .harmless("this node is never part of a swarm"))
        + many(
            [
                ("cluster-advertise", "cluster-advertise"), ("cluster-store", "cluster-store"),
                ("cluster-store-opts", "cluster-store-opt"),
            ], .refused("there are no networks across hosts"))

    private static let security =
        many(
            [("authorization-plugins", "authorization-plugin")],
            .refused("requests are not shown to plugins; who may connect is decided by the socket and by TLS"))
        + many([("userns-remap", "userns-remap")], .refusedUnless([""], "there are no user namespaces for containers"))
        + switches(["selinux-enabled"], .refusedUnless(["false"], "containers get no SELinux labels"))
        + switches(["rootless"], .refusedUnless(["false"], "Fairlead needs the host's network namespace"))

    private static let networking =
        many(
            [("dns", "dns"), ("dns-opts", "dns-opt"), ("dns-search", "dns-search")],
            .refused("there is no name resolution for containers yet"))
        + many([("host-gateway-ips", "host-gateway-ip")], .refused("there is no /etc/hosts for containers yet"))
        + switches(["userland-proxy"], .harmless("there are no published ports yet"))
        + many([("userland-proxy-path", "userland-proxy-path")], .harmless("there are no published ports yet"))
        + switches(["iptables", "ip6tables"], .refusedUnless(["true"], "isolation is made of nftables rules, always"))
        + many(
            [("firewall-backend", "firewall-backend")],
            .refusedUnless(["", "nftables"], "Fairlead's rules are in nftables"))
        + switches(
            ["allow-direct-routing"],
            .refusedUnless(["false"], "use the gateway mode nat-unprotected or routed of a network"))
        + many([("bridge-accept-fwmark", "bridge-accept-fwmark")], .refusedUnless([""], "put a rule into user-forward"))

    private static let others =
        switches(["experimental"], .harmless("there is nothing experimental to turn on"))
        + many([("features", "feature")], .harmless("none of dockerd's features is Fairlead's"))
        + many([("deprecated-key-path", "deprecated-key-path")], .harmless("there is no such key"))
        + many([("metrics-addr", "metrics-addr")], .refused("figures are at /fairlead/v1/metrics of the API"))
        + many([("oom-score-adjust", "oom-score-adjust")], .refused("use OOMScoreAdjust= of the systemd unit"))
        + many(
            [("network-diagnostic-port", "network-diagnostic-port")],
            .refusedUnless(["0"], "there is no diagnostic server"))
        + many([("api-cors-header", "api-cors-header")], .refused("web pages have no business with the daemon"))

    private static func many(_ names: [(key: String, flag: String)], _ verdict: Verdict) -> [ForeignDirective] {
        names.map { ForeignDirective(key: $0.key, flag: $0.flag, isBoolean: false, verdict: verdict) }
    }

    private static func switches(_ names: [String], _ verdict: Verdict) -> [ForeignDirective] {
        names.map { ForeignDirective(key: $0, flag: $0, isBoolean: true, verdict: verdict) }
    }
}
