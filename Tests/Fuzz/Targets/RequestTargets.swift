import JSON
import NetworkModel

@testable import DockerAPI

extension FuzzTarget {
    /// JSON bodies as the routes read them. The first byte chooses route and version.
    static let requests = FuzzTarget("requests") { input in
        guard let choice = input.first else { return }
        let body = Array(input.dropFirst())
        let versions = ["1.24", "1.44", "1.52", "1.56"]
        let version = APIVersion(versions[Int(choice >> 2) % versions.count])
        guard let document = answered({ () throws(APIError) in try JSONBody.parse(body) }) else { return }
        switch choice & 3 {
        case 0: createNetwork(document, version)
        case 1: createContainer(document, version)
        case 2: connect(document, version)
        default:
            _ = answered { () throws(APIError) in
                try JSONBody.decode(document, as: NetworkDisconnectBody.goType, NetworkDisconnectBody.init)
            }
        }
    }

    private static func createNetwork(_ document: JSONValue, _ version: APIVersion) {
        let request = answered { () throws(APIError) in
            try JSONBody.decode(document, as: NetworkCreateBody.goType) { NetworkCreateBody.read($0, version) }
        }
        guard let request else { return }
        _ = answered { () throws(APIError) in
            try asking { () throws(EngineError) in
                let families = try request.families()
                try validate(request.ipam?.config ?? [], enableIPv6: families.ipv6)
                _ = try GenericOptions.advertisement(families.options)
                return try BridgeOptions.parse(
                    families.options, isInternal: request.isInternal, defaultBridge: "fairlead0")
            }
        }
    }

    private static func createContainer(_ document: JSONValue, _ version: APIVersion) {
        let body = answered { () throws(APIError) in
            try JSONBody.decode(document, as: ContainerCreateBody.goType, ContainerCreateBody.init)
        }
        guard let body else { return }
        var creation = ContainerCreation(body, version)
        guard let request = answered({ () throws(APIError) in try creation.request(name: "x") }) else { return }
        for (name, settings) in request.attachments { check(settings, on: name) }
    }

    private static func connect(_ document: JSONValue, _ version: APIVersion) {
        let body = answered { () throws(APIError) in
            try JSONBody.decode(document, as: NetworkConnectBody.goType) { NetworkConnectBody($0, version) }
        }
        if let settings = body?.settings { check(settings, on: "front") }
    }

    private static func check(_ settings: EndpointSettings, on name: String) {
        _ = answered { () throws(APIError) in
            try asking { () throws(EngineError) in
                try validate(settings, on: nil, isUserDefined: name != "bridge")
            }
        }
        for setting in EndpointSysctls.settings(settings.driverOptions?[EndpointSysctls.option] ?? "") {
            require(setting.path(interface: "eth0").contains("/eth0/"), "a sysctl of no interface")
        }
    }
}

/// What the body returns, or nil where it refuses as Docker does: a status of 400 or more, and a text.
func answered<Value>(_ body: () throws(APIError) -> Value) -> Value? {
    do {
        return try body()
    } catch {
        require((400...599).contains(error.status), "refused with status \(error.status)")
        require(!error.message.isEmpty, "refused without a text")
        return nil
    }
}
