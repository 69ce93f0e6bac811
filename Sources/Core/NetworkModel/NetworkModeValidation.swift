/// What a create request brings along that a shared network stack cannot have.
public struct NetworkModeClaims: Sendable, Hashable {
    public var hostname = false
    public var links = false
    public var dns = false
    public var extraHosts = false
    public var publishedPorts = false
    public var exposedPorts = false
    /// `UTSMode` is `host`.
    public var hostUTS = false

    public init() {}
}

/// Checks a network mode against the rest of a create request (docker-network-api 2.9; moby `runconfig`).
///
/// - Throws: 400 with the first conflict.
public func validate(_ mode: NetworkMode, with claims: NetworkModeClaims) throws(EngineError) {
    func refuse(_ text: String) -> EngineError { EngineError(.invalidArgument, text) }
    switch mode {
    case .container(""), .network("container"):
        throw refuse("invalid network mode: invalid container format container:<name|id>")
    case .container:
        if claims.hostname { throw refuse("conflicting options: hostname and the network mode") }
        if claims.links {
            throw refuse(
                "conflicting options: container type network can't be used with links. "
                    + "This would result in undefined behavior")
        }
        if claims.dns { throw refuse("conflicting options: dns and the network mode") }
        if claims.extraHosts {
            throw refuse("conflicting options: custom host-to-IP mapping and the network mode")
        }
        if claims.publishedPorts {
            throw refuse("conflicting options: port publishing and the container type network mode")
        }
        if claims.exposedPorts {
            throw refuse("conflicting options: port exposing and the container type network mode")
        }
    case .bridge, .host, .none, .network: break
    }
    if claims.hostUTS, claims.hostname { throw refuse("conflicting options: hostname and the UTS mode") }
    if mode == .host, claims.links {
        throw refuse(
            "conflicting options: host type networking can't be used with links. "
                + "This would result in undefined behavior")
    }
}
