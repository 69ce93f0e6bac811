import Engine
import JSON
import NetworkModel

/// `GET /info`.
enum InfoRendering {
    static func write(
        _ host: HostDescription, _ snapshot: Snapshot, _ version: APIVersion, to json: inout JSONWriter
    ) {
        json.object {
            $0.field("ID", host.id)
            writeCounts(snapshot, to: &$0)
            $0.field("Driver", "none")
            $0.field("DriverStatus", [String]())
            $0.object("Plugins") {
                $0.field("Volume", [String]())
                $0.field("Network", ["bridge", "host", "null"])
                $0.null("Authorization")
                $0.field("Log", [String]())
            }
            writeAbsent(to: &$0)
            writeHost(host, to: &$0)
            if let pools = host.defaultAddressPools {
                $0.array("DefaultAddressPools", pools) { json, pool in
                    json.object {
                        $0.field("Base", pool.base.description)
                        $0.field("Size", pool.size)
                    }
                }
            }
            if version >= .firewallBackend {
                $0.object("FirewallBackend") {
                    $0.field("Driver", "nftables")
                    $0.field("Info", [String]())
                }
            }
            $0.field("Warnings", [String]())
        }
    }

    private static func writeCounts(_ snapshot: Snapshot, to json: inout JSONWriter) {
        let running = snapshot.containers.values.count { $0.container.state.isRunning }
        json.field("Containers", snapshot.containers.count)
        json.field("ContainersRunning", running)
        json.field("ContainersPaused", 0)
        json.field("ContainersStopped", snapshot.containers.count - running)
        json.field("Images", 0)
    }

    private static func writeHost(_ host: HostDescription, to json: inout JSONWriter) {
        json.field("Name", host.name)
        json.field("ServerVersion", host.serverVersion)
        json.field("OSType", "linux")
        json.field("Architecture", host.architecture)
        json.field("OperatingSystem", host.operatingSystem)
        json.field("OSVersion", host.osVersion)
        json.field("KernelVersion", host.kernelVersion)
        json.field("NCPU", host.cpus)
        json.field("MemTotal", host.memoryBytes)
        json.field("DockerRootDir", host.dataRoot)
        json.field("Labels", host.labels)
        json.field("Debug", host.isDebug)
        json.field("IPv4Forwarding", host.isForwardingIPv4)
        json.field("SystemTime", Timestamp.now().rfc3339())
    }

    /// What clients expect to find and Fairlead has nothing of.
    private static func writeAbsent(to json: inout JSONWriter) {
        json.field("MemoryLimit", false)
        json.field("SwapLimit", false)
        json.field("CpuCfsPeriod", false)
        json.field("CpuCfsQuota", false)
        json.field("CPUShares", false)
        json.field("CPUSet", false)
        json.field("PidsLimit", false)
        json.field("OomKillDisable", false)
        json.field("BridgeNfIptables", false)
        json.field("BridgeNfIp6tables", false)
        json.field("NFd", 0)
        json.field("NGoroutines", 0)
        json.field("NEventsListener", 0)
        json.field("LoggingDriver", "none")
        json.field("CgroupDriver", "none")
        json.field("CgroupVersion", "2")
        json.field("IndexServerAddress", "")
        json.field("RegistryConfig", ["InsecureRegistryCIDRs": [], "IndexConfigs": [:], "Mirrors": []])
        json.null("GenericResources")
        json.field("HttpProxy", "")
        json.field("HttpsProxy", "")
        json.field("NoProxy", "")
        json.field("ExperimentalBuild", false)
        json.field("LiveRestoreEnabled", true)
        json.field("Runtimes", ["netns": ["path": ""]])
        json.field("DefaultRuntime", "netns")
        json.field(
            "Swarm",
            [
                "NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive", "ControlAvailable": false, "Error": "",
                "RemoteManagers": nil,
            ])
        json.field("Isolation", "")
        json.field("InitBinary", "")
        for (name, commit) in [("ContainerdCommit", ""), ("RuncCommit", ""), ("InitCommit", "")] {
            json.key(name)
            json.value(["ID": .string(commit)] as JSONValue)
        }
        json.field("SecurityOptions", [String]())
        json.field("ProductLicense", "")
    }
}
