import Addressing
import Engine
import NetworkModel
import OrderedCollections

/// Turns a create request into what the Engine takes, or says what is wrong with it.
struct ContainerCreation {
    let body: ContainerCreateBody
    let version: APIVersion
    private(set) var warnings: [String] = []

    init(_ body: ContainerCreateBody, _ version: APIVersion) {
        self.body = body
        self.version = version
    }

    /// - Throws: 400 for what Docker refuses, 404 for an image, 501 for what isn't built.
    mutating func request(name: String?) throws(APIError) -> ContainerRequest {
        guard body.hasConfig else {
            throw .badRequest("config cannot be empty in order to create a container")
        }
        let host = try hostConfig()
        if let signal = body.config.stopSignal { _ = try Signal.parse(signal) }
        if let port = body.host.invalidPort { throw .badRequest("invalid port specification: \(port.goQuoted)") }
        let attachments = try attachments(host.networkMode)
        try checkImage()
        try checkSysctls()
        if let field = (body.unbuilt + body.host.unbuilt).first { throw .notBuilt(field) }
        return ContainerRequest(name: name, config: body.config, host: host, attachments: attachments)
    }

    private func hostConfig() throws(APIError) -> HostConfig {
        try asking { () throws(EngineError) in
            var host = HostConfig()
            host.networkMode = NetworkMode(body.host.networkMode)
            host.autoRemove = body.host.autoRemove
            host.restartPolicy = try RestartPolicy.parse(
                name: body.host.restartPolicyName, maximumRetryCount: body.host.maximumRetryCount)
            try host.validateEnd()
            try validate(host.networkMode, with: body.host.claims)
            return host
        }
    }

    /// Containers are namespaces: they are made of no image and run no command.
    private func checkImage() throws(APIError) {
        guard ["", "scratch", "scratch:latest"].contains(body.config.image) else {
            throw APIError(404, "No such image: \(ImageName.familiar(body.config.image))")
        }
        if !body.command.isEmpty || body.entrypoint.contains(where: { !$0.isEmpty }) {
            throw .badRequest(
                "a container of Fairlead is a network namespace and runs no command: leave out Cmd and Entrypoint, "
                    + "and start programs in it with 'fairlead exec'")
        }
    }

    private func checkSysctls() throws(APIError) {
        for name in body.host.sysctls.keys.sorted() {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            if parts.count == 5, parts[0] == "net", parts[3].hasPrefix("eth") {
                throw APIError(
                    500,
                    "interface specific sysctl setting \(name.goQuoted) must be supplied using driver option "
                        + "'com.docker.network.endpoint.sysctls'")
            }
        }
        if !body.host.sysctls.isEmpty { throw .notBuilt("Sysctls") }
    }

    private mutating func attachments(
        _ mode: NetworkMode
    ) throws(APIError) -> OrderedDictionary<String, EndpointSettings> {
        if body.endpoints.count > 1, version < .severalEndpoints {
            let names = body.endpoints.map(\.key).sorted().joined(separator: ", ")
            throw .badRequest("Container cannot be created with multiple network endpoints: \(names)")
        }
        var attachments: OrderedDictionary<String, EndpointSettings> = [:]
        for endpoint in body.endpoints {
            let name = endpoint.key == "default" ? "bridge" : endpoint.key
            guard var settings = endpoint.value else {
                throw .badRequest("invalid config for network \(name): EndpointsConfig is nil")
            }
            if version < .gatewayPriority { settings.gatewayPriority = 0 }
            if version < .severalEndpoints { settings.mac = nil }
            attachments[name] = settings
        }
        try addContainerMAC(to: &attachments, mode)
        return attachments
    }

    /// The deprecated MAC address of the whole container goes to the endpoint of its network mode.
    private mutating func addContainerMAC(
        to attachments: inout OrderedDictionary<String, EndpointSettings>, _ mode: NetworkMode
    ) throws(APIError) {
        guard !body.mac.isEmpty, version < .networkStatus else { return }
        let mac: MACAddress
        do {
            mac = try MACAddress.parse(body.mac)
        } catch {
            throw .badRequest("invalid MAC address: \(body.mac)")
        }
        if mode.isShared { throw .badRequest("conflicting options: mac-address and the network mode") }
        if mode == .host || mode == .none {
            throw .badRequest("conflicting options: mac-address and the network mode")
        }
        if version >= .severalEndpoints {
            warnings.append(
                "The container-wide MacAddress field is now deprecated. "
                    + "It should be specified in EndpointsConfig instead.")
        }
        let name = mode.description
        if attachments.isEmpty { attachments[name] = EndpointSettings() }
        guard let settings = attachments[name] else {
            throw .badRequest(
                "if a container-wide MAC address is supplied, HostConfig.NetworkMode must match the identity of a "
                    + "network in NetworkSettings.Networks")
        }
        if let own = settings.mac, own != mac {
            throw .badRequest(
                "the container-wide MAC address must match the endpoint-specific MAC address for the main network, "
                    + "or be left empty")
        }
        attachments[name]?.mac = mac
    }
}
