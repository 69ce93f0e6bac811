/// What the executable was started as: the defaults differ.
enum Program: Sendable, Hashable {
    case fairlead
    /// Called `dockerd`: Docker's socket and default bridge, so that what expects a dockerd finds one.
    case dockerd

    /// - Parameter path: the first word of the command line.
    init(path: String) {
        self = path.split(separator: "/").last == "dockerd" ? .dockerd : .fairlead
    }

    var socket: String {
        switch self {
        case .fairlead: "/run/fairlead/fairlead.sock"
        case .dockerd: "/var/run/docker.sock"
        }
    }

    var dataRoot: String { "/var/lib/fairlead" }
    var execRoot: String { "/run/fairlead" }

    func pidFile(execRoot: String) -> String {
        switch self {
        case .fairlead: execRoot + "/fairlead.pid"
        case .dockerd: "/var/run/docker.pid"
        }
    }

    /// Read if it is there.
    var configurationFile: String {
        switch self {
        case .fairlead: "/etc/fairlead/daemon.json"
        case .dockerd: "/etc/docker/daemon.json"
        }
    }

    var defaultBridge: String {
        switch self {
        case .fairlead: "fairlead0"
        case .dockerd: "docker0"
        }
    }
}
