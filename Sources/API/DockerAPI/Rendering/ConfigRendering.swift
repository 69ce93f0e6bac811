import JSON
import NetworkModel

/// A container's `Config`: kept as it was given.
enum ConfigRendering {
    static func write(_ container: Container, to json: inout JSONWriter) {
        let config = container.config
        json.object("Config") {
            $0.field("Hostname", container.shownHostname)
            $0.field("Domainname", config.domainname)
            $0.field("User", config.user)
            $0.field("AttachStdin", config.attachStdin)
            $0.field("AttachStdout", config.attachStdout)
            $0.field("AttachStderr", config.attachStderr)
            if !config.exposedPorts.isEmpty {
                $0.map("ExposedPorts", Dictionary(config.exposedPorts.map { ($0, ()) }) { $1 }) { json, _ in
                    json.object { _ in }
                }
            }
            $0.field("Tty", config.tty)
            $0.field("OpenStdin", config.openStdin)
            $0.field("StdinOnce", config.stdinOnce)
            $0.field("Env", config.environment)
            $0.null("Cmd")
            $0.field("Image", config.image)
            $0.null("Volumes")
            $0.field("WorkingDir", config.workingDirectory)
            $0.null("Entrypoint")
            $0.null("OnBuild")
            $0.field("Labels", config.labels)
            if config.networkDisabled { $0.field("NetworkDisabled", true) }
            if let signal = config.stopSignal { $0.field("StopSignal", signal) }
            if let seconds = config.stopTimeout { $0.field("StopTimeout", seconds) }
        }
    }
}

/// A container's `HostConfig`: the few fields that are kept, and for the rest what Docker shows of a container that
/// asked for nothing.
enum HostConfigRendering {
    static func write(_ host: HostConfig, to json: inout JSONWriter) {
        json.object("HostConfig") {
            $0.field("NetworkMode", host.networkMode.description)
            $0.object("RestartPolicy") {
                $0.field("Name", host.restartPolicy.name.rawValue)
                $0.field("MaximumRetryCount", host.restartPolicy.maximumRetryCount)
            }
            $0.field("AutoRemove", host.autoRemove)
            for (key, value) in unasked {
                $0.key(key)
                $0.value(value)
            }
        }
    }

    private static let unasked: [(String, JSONValue)] = [
        ("Binds", nil), ("ContainerIDFile", ""), ("LogConfig", ["Type": "none", "Config": [:]]),
        ("PortBindings", [:]), ("VolumeDriver", ""), ("VolumesFrom", nil), ("ConsoleSize", [0, 0]), ("CapAdd", nil),
        ("CapDrop", nil), ("CgroupnsMode", ""), ("Dns", []), ("DnsOptions", []), ("DnsSearch", []),
        ("ExtraHosts", nil), ("GroupAdd", nil), ("IpcMode", ""), ("Cgroup", ""), ("Links", nil), ("OomScoreAdj", 0),
        ("PidMode", ""), ("Privileged", false), ("PublishAllPorts", false), ("ReadonlyRootfs", false),
        ("SecurityOpt", nil), ("UTSMode", ""), ("UsernsMode", ""), ("ShmSize", 0), ("Runtime", ""),
        ("Isolation", ""), ("CpuShares", 0), ("Memory", 0), ("NanoCpus", 0), ("CgroupParent", ""),
        ("BlkioWeight", 0), ("BlkioWeightDevice", []), ("BlkioDeviceReadBps", []), ("BlkioDeviceWriteBps", []),
        ("BlkioDeviceReadIOps", []), ("BlkioDeviceWriteIOps", []), ("CpuPeriod", 0), ("CpuQuota", 0),
        ("CpuRealtimePeriod", 0), ("CpuRealtimeRuntime", 0), ("CpusetCpus", ""), ("CpusetMems", ""), ("Devices", []),
        ("DeviceCgroupRules", nil), ("DeviceRequests", nil), ("MemoryReservation", 0), ("MemorySwap", 0),
        ("MemorySwappiness", nil), ("OomKillDisable", nil), ("PidsLimit", nil), ("Ulimits", []), ("CpuCount", 0),
        ("CpuPercent", 0), ("IOMaximumIOps", 0), ("IOMaximumBandwidth", 0), ("MaskedPaths", nil),
        ("ReadonlyPaths", nil),
    ]
}
