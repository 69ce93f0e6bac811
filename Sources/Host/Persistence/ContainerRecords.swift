import Addressing
import NetworkModel

/// A `ContainerConfig` in a JSON column.
struct ContainerConfigRecord: Codable {
    let hostname: String
    let domainname: String
    let user: String
    let image: String
    let environment: [String]?
    let labels: [String: String]
    let exposedPorts: [String]
    let attachStdin: Bool
    let attachStdout: Bool
    let attachStderr: Bool
    let tty: Bool
    let openStdin: Bool
    let stdinOnce: Bool
    let workingDirectory: String
    let stopSignal: String?
    let stopTimeout: Int?
    let networkDisabled: Bool

    init(_ config: ContainerConfig) {
        hostname = config.hostname
        domainname = config.domainname
        user = config.user
        image = config.image
        environment = config.environment
        labels = config.labels
        exposedPorts = config.exposedPorts
        attachStdin = config.attachStdin
        attachStdout = config.attachStdout
        attachStderr = config.attachStderr
        tty = config.tty
        openStdin = config.openStdin
        stdinOnce = config.stdinOnce
        workingDirectory = config.workingDirectory
        stopSignal = config.stopSignal
        stopTimeout = config.stopTimeout
        networkDisabled = config.networkDisabled
    }

    var value: ContainerConfig {
        var config = ContainerConfig()
        config.hostname = hostname
        config.domainname = domainname
        config.user = user
        config.image = image
        config.environment = environment
        config.labels = labels
        config.exposedPorts = exposedPorts
        config.attachStdin = attachStdin
        config.attachStdout = attachStdout
        config.attachStderr = attachStderr
        config.tty = tty
        config.openStdin = openStdin
        config.stdinOnce = stdinOnce
        config.workingDirectory = workingDirectory
        config.stopSignal = stopSignal
        config.stopTimeout = stopTimeout
        config.networkDisabled = networkDisabled
        return config
    }
}

/// A `HostConfig` in a JSON column.
struct HostConfigRecord: Codable {
    let networkMode: String
    let restartPolicy: String
    let maximumRetryCount: Int
    let autoRemove: Bool

    init(_ host: HostConfig) {
        networkMode = host.networkMode.description
        restartPolicy = host.restartPolicy.name.rawValue
        maximumRetryCount = host.restartPolicy.maximumRetryCount
        autoRemove = host.autoRemove
    }

    var value: HostConfig {
        get throws {
            guard let name = RestartPolicy.Name(rawValue: restartPolicy) else { throw ColumnError(column: "host") }
            var host = HostConfig()
            host.networkMode = NetworkMode(networkMode)
            host.restartPolicy = RestartPolicy(name: name, maximumRetryCount: maximumRetryCount)
            host.autoRemove = autoRemove
            return host
        }
    }
}

/// A `Sandbox` in a JSON column.
struct SandboxRecord: Codable {
    let id: String
    let path: String
    let identity: String
    let isAdopted: Bool
    let pid: Int32

    init(_ sandbox: Sandbox) {
        id = sandbox.id.text
        path = sandbox.path
        identity = sandbox.identity
        isAdopted = sandbox.isAdopted
        pid = sandbox.pid
    }

    var value: Sandbox {
        get throws {
            guard let id = ObjectID(id) else { throw ColumnError(column: "sandbox") }
            return Sandbox(id: id, path: path, identity: identity, isAdopted: isAdopted, pid: pid)
        }
    }
}
