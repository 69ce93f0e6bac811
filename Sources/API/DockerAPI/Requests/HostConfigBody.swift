import Addressing
import JSON
import NetworkModel

/// `HostConfig` of a create request.
struct HostConfigBody {
    static let goType = "container.HostConfig"

    var networkMode = ""
    var restartPolicyName = ""
    var maximumRetryCount = 0
    var autoRemove = false
    var sysctls: [String: String] = [:]
    var claims = NetworkModeClaims()
    /// The first port to be published, or to publish it at, that is none.
    var invalidPort: String?
    /// What it asks for that isn't built.
    var unbuilt: [String] = []

    init() {}

    init(_ reader: StructReader) {
        networkMode = reader.string("NetworkMode", goType: "container.NetworkMode") ?? ""
        autoRemove = reader.bool("AutoRemove") ?? false
        sysctls = reader.stringMap("Sysctls") ?? [:]
        let policy = reader.object("RestartPolicy", as: "container.RestartPolicy", isPointer: false) {
            (
                name: $0.string("Name", goType: "container.RestartPolicyMode") ?? "",
                count: $0.int("MaximumRetryCount") ?? 0
            )
        }
        restartPolicyName = policy?.name ?? ""
        maximumRetryCount = policy?.count ?? 0
        let bindings = PortBindingsBody(reader)
        invalidPort = bindings.invalid
        claims.publishedPorts = !bindings.isEmpty || reader.bool("PublishAllPorts") == true
        claims.links = reader.stringArray("Links")?.isEmpty == false
        claims.dns = reader.textArray("Dns", goType: "netip.Addr", parse: IPAddress.parse)?.isEmpty == false
        claims.extraHosts = reader.stringArray("ExtraHosts")?.isEmpty == false
        claims.hostUTS = reader.string("UTSMode") == "host"
        if !bindings.isEmpty { unbuilt.append("PortBindings") }
        unbuilt += Self.unbuilt(reader)
    }

    private static func unbuilt(_ reader: StructReader) -> [String] {
        var fields = UnbuiltFields(reader)
        fields.flag("PublishAllPorts", "Privileged", "ReadonlyRootfs", "OomKillDisable", "Init")
        fields.strings(
            "Binds", "VolumesFrom", "CapAdd", "CapDrop", "Dns", "DnsOptions", "DnsSearch", "ExtraHosts", "GroupAdd",
            "Links", "SecurityOpt", "DeviceCgroupRules", "MaskedPaths", "ReadonlyPaths")
        fields.text("VolumeDriver")
        fields.text("CgroupnsMode", same: ["private"])
        fields.text("IpcMode", same: ["private", "shareable"])
        for name in ["Cgroup", "PidMode", "UTSMode", "UsernsMode", "CgroupParent", "CpusetCpus", "CpusetMems"] {
            fields.text(name)
        }
        fields.text("Runtime", same: ["netns", "runc"])
        fields.text("Isolation", same: ["default"])
        for name in [
            "OomScoreAdj", "CpuShares", "Memory", "NanoCpus", "BlkioWeight", "CpuPeriod", "CpuQuota",
            "CpuRealtimePeriod", "CpuRealtimeRuntime", "MemoryReservation", "MemorySwap", "CpuCount", "CpuPercent",
            "IOMaximumIOps", "IOMaximumBandwidth", "KernelMemory", "KernelMemoryTCP",
        ] { fields.number(name) }
        // 64 MiB is what Docker itself would choose, -1 is how the CLI leaves the choice to it.
        fields.number("ShmSize", same: [64 << 20])
        fields.number("MemorySwappiness", same: [-1])
        fields.number("PidsLimit", same: [-1])
        fields.list(
            "Mounts", "BlkioWeightDevice", "BlkioDeviceReadBps", "BlkioDeviceWriteBps", "BlkioDeviceReadIOps",
            "BlkioDeviceWriteIOps", "Devices", "DeviceRequests", "Ulimits")
        fields.map("Tmpfs", "StorageOpt", "Annotations")
        return fields.asked + logging(reader)
    }

    /// A log driver is asked for, but there is no output to log. `json-file` is Docker's own default.
    private static func logging(_ reader: StructReader) -> [String] {
        let driver = reader.object("LogConfig", as: "container.LogConfig", isPointer: false) { reader in
            _ = reader.stringMap("Config")
            return reader.string("Type") ?? ""
        }
        return ["", "none", "json-file"].contains(driver ?? "") ? [] : ["LogConfig"]
    }
}
