import Addressing
import JSON
import NetworkModel

/// `POST /containers/create` as it is read; `request` makes of it what the Engine takes.
struct ContainerCreateBody {
    static let goType = "container.CreateRequest"

    var config = ContainerConfig()
    var hasConfig = false
    var command: [String] = []
    var entrypoint: [String] = []
    /// The deprecated address of the whole container.
    var mac = ""
    var host = HostConfigBody()
    /// Nil where null was given.
    var endpoints: [JSONEntry<EndpointSettings?>] = []
    /// What `Config` asks for that isn't built.
    var unbuilt: [String] = []

    init(_ reader: StructReader) {
        readConfig(reader.embedded("Config"))
        hasConfig = Self.configFields.contains(where: reader.has)
        host = reader.object("HostConfig", as: HostConfigBody.goType, body: HostConfigBody.init) ?? HostConfigBody()
        host.claims.hostname = !config.hostname.isEmpty
        host.claims.exposedPorts = !config.exposedPorts.isEmpty
        endpoints =
            reader.object("NetworkingConfig", as: "network.NetworkingConfig") {
                $0.objectMap("EndpointsConfig", of: EndpointBody.goType, body: EndpointBody.read) ?? []
            } ?? []
    }

    private mutating func readConfig(_ reader: StructReader) {
        config.hostname = reader.string("Hostname") ?? ""
        config.domainname = reader.string("Domainname") ?? ""
        config.user = reader.string("User") ?? ""
        config.image = reader.string("Image") ?? ""
        config.environment = reader.stringArray("Env")
        config.labels = reader.stringMap("Labels") ?? [:]
        config.attachStdin = reader.bool("AttachStdin") ?? false
        config.attachStdout = reader.bool("AttachStdout") ?? false
        config.attachStderr = reader.bool("AttachStderr") ?? false
        config.tty = reader.bool("Tty") ?? false
        config.openStdin = reader.bool("OpenStdin") ?? false
        config.stdinOnce = reader.bool("StdinOnce") ?? false
        config.workingDirectory = reader.string("WorkingDir") ?? ""
        config.networkDisabled = reader.bool("NetworkDisabled") ?? false
        config.stopTimeout = reader.int("StopTimeout", isPointer: true)
        config.stopSignal = reader.string("StopSignal").flatMap { $0.isEmpty ? nil : $0 }
        mac = reader.string("MacAddress") ?? ""
        let ports = reader.read("ExposedPorts", .map(of: .any, checkingKeys: { _ = try ExposedPort.normalize($0) }))
        let normalized = (ports ?? []).compactMap { try? ExposedPort.normalize($0.key) }
        config.exposedPorts = Set(normalized).sorted()
        command = Self.words(reader, "Cmd")
        entrypoint = Self.words(reader, "Entrypoint")
        readUnbuilt(reader)
    }

    /// An array of strings, or one string (moby `StrSlice`).
    private static func words(_ reader: StructReader, _ name: String) -> [String] {
        let shape = Shape<[String]>.custom("[]string", zero: []) { value in
            switch value {
            case .null: return []
            case .string(let text): return text.isEmpty ? [] : [text]
            case .array(let elements):
                return try elements.map { element in
                    guard case .string(let text) = element else {
                        throw JSONError("json: cannot unmarshal \(element.kind) into Go value of type string")
                    }
                    return text
                }
            default: throw JSONError("json: cannot unmarshal \(value.kind) into Go value of type string")
            }
        }
        return reader.read(name, shape) ?? []
    }

    private mutating func readUnbuilt(_ reader: StructReader) {
        var fields = UnbuiltFields(reader)
        fields.map("Volumes")
        unbuilt = fields.asked
        let test = reader.object("Healthcheck", as: "container.HealthConfig") { $0.stringArray("Test") ?? [] }
        if let test, !test.isEmpty, test != ["NONE"] { unbuilt.append("Healthcheck") }
    }

    private static let configFields = [
        "Hostname", "Domainname", "User", "AttachStdin", "AttachStdout", "AttachStderr", "ExposedPorts", "Tty",
        "OpenStdin", "StdinOnce", "Env", "Cmd", "Healthcheck", "ArgsEscaped", "Image", "Volumes", "WorkingDir",
        "Entrypoint", "NetworkDisabled", "MacAddress", "OnBuild", "Labels", "StopSignal", "StopTimeout", "Shell",
    ]
}

extension JSONValue {
    /// What Go's refusals call a value of this kind.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
