import Engine
import HTTPMessage
import JSON
import NetworkModel

/// `/_ping`, `/version`, `/info`, `/system/df`, and OPTIONS on anything (docker-network-api 1.7 to 1.9).
enum SystemRoutes {
    static let all: [Route] = [
        .atOnce("OPTIONS", "{any}") { $0.responses.empty(200) },
        .atOnce("GET", "/_ping") { ping($0, body: Array("OK".utf8)) },
        .atOnce("HEAD", "/_ping") { ping($0, body: []) },
        .atOnce("GET", "/version", version),
        .atOnce("GET", "/info", info),
        .atOnce("GET", "/system/df", diskUsage),
    ]

    private static func ping(_ call: Call, body: [UInt8]) -> Response {
        call.responses.with(
            [
                ("Builder-Version", "1"), ("Cache-Control", "no-cache, no-store, must-revalidate"),
                ("Pragma", "no-cache"), ("Swarm", "inactive"), ("Content-Type", "text/plain; charset=utf-8"),
            ], status: 200, body: .bytes(body))
    }

    private static func version(_ call: Call) throws(APIError) -> Response {
        let host = call.engine.host
        let minimum = call.api.configuration.minimumVersion
        return call.responses.json {
            $0.object {
                $0.object("Platform") { $0.field("Name", "Fairlead") }
                $0.field("Version", host.serverVersion)
                $0.field("ApiVersion", APIVersion.newest.text)
                $0.field("MinAPIVersion", minimum)
                $0.field("Os", "linux")
                $0.field("Arch", goArchitecture(host.architecture))
                $0.field("KernelVersion", host.kernelVersion)
                $0.array("Components", [host]) { json, host in
                    json.object {
                        $0.field("Name", "Engine")
                        $0.field("Version", host.serverVersion)
                        $0.object("Details") {
                            $0.field("ApiVersion", APIVersion.newest.text)
                            $0.field("Arch", goArchitecture(host.architecture))
                            $0.field("Experimental", "false")
                            $0.field("KernelVersion", host.kernelVersion)
                            $0.field("MinAPIVersion", minimum)
                            $0.field("Os", "linux")
                        }
                    }
                }
            }
        }
    }

    /// What Go calls an architecture that `uname -m` names.
    private static func goArchitecture(_ machine: String) -> String {
        switch machine {
        case "x86_64": "amd64"
        case "aarch64": "arm64"
        case "i386", "i686": "386"
        case "armv7l", "armv6l": "arm"
        default: machine
        }
    }

    private static func info(_ call: Call) throws(APIError) -> Response {
        call.responses.json(capacity: 4096) {
            InfoRendering.write(call.engine.host, call.engine.snapshot, call.version, to: &$0)
        }
    }

    /// There are no images, volumes or layers; containers take no space.
    private static func diskUsage(_ call: Call) throws(APIError) -> Response {
        _ = try call.query()
        if call.version < .networkStatus {
            return call.responses.json {
                $0.object {
                    $0.field("LayersSize", 0)
                    $0.field("Images", [String]())
                    $0.field("Containers", [String]())
                    $0.field("Volumes", [String]())
                    $0.field("BuildCache", [String]())
                }
            }
        }
        return call.responses.json {
            $0.object {
                for key in ["ImageUsage", "ContainerUsage", "VolumeUsage", "BuildCacheUsage"] {
                    $0.key(key)
                    $0.object {
                        $0.field("ActiveCount", 0)
                        $0.field("TotalCount", 0)
                        $0.field("Reclaimable", 0)
                        $0.field("TotalSize", 0)
                        $0.field("Items", [String]())
                    }
                }
            }
        }
    }
}
