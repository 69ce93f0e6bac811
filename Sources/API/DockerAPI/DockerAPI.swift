public import HTTPMessage
public import Logging

/// Docker's Engine API over an Engine: finds the route of a raw target, checks the version it names, and puts Docker's
/// headers and error bodies around what the route answers (docker-network-api 1).
public final class DockerAPI: Responder {
    public struct Configuration: Sendable {
        /// The oldest API version that is served.
        public var minimumVersion = "1.24"

        public init() {}
    }

    let engine: any DockerEngine
    let configuration: Configuration
    let responses: Responses
    let cache: AnswerCache
    let networkListing = NetworkListing()
    private let minimumVersion: APIVersion
    private let fallback: (any Responder)?
    private let logger: Logger
    private let routes = RouteTable.docker
    private let destinations = DestinationCache()

    /// `fallback` answers targets that begin with `/fairlead/`.
    public init(
        engine: any DockerEngine, configuration: Configuration = Configuration(),
        fallback: (any Responder)? = nil, logger: Logger
    ) {
        self.engine = engine
        self.configuration = configuration
        self.fallback = fallback
        self.logger = logger
        responses = Responses(serverVersion: engine.host.serverVersion)
        cache = AnswerCache {
            let snapshot = engine.snapshot
            return snapshot.networks.count + snapshot.containers.count
        }
        minimumVersion = APIVersion(configuration.minimumVersion)
    }

    /// Method and pattern of every route, `{id}` where a name stands: for comparing with the OpenAPI document.
    public static var routes: [(method: String, pattern: String)] { RouteTable.docker.entries }

    public func respondAtOnce(to request: RequestHead) -> Response? {
        if let fallback, request.target.hasPrefix("/fairlead/") { return fallback.respondAtOnce(to: request) }
        switch find(request.method, request.target) {
        case .answer(let response): return response
        case .route(let place):
            guard case .atOnce(let handler) = place.route.handler else { return nil }
            do {
                // Asked before the handler looks: an answer may be newer than the generation it is kept under, never older.
                return try place.answer(generation: engine.generation) { () throws(APIError) in
                    try handler(Call(api: self, place, request.headers))
                }
            } catch {
                return failure(error, request.method, request.target)
            }
        }
    }

    public func respond(to request: Request) async -> Response {
        if let fallback, request.target.hasPrefix("/fairlead/") { return await fallback.respond(to: request) }
        switch find(request.method, request.target) {
        case .answer(let response): return response
        case .route(let place):
            let call = Call(api: self, place, request.headers)
            do {
                return switch place.route.handler {
                case .atOnce(let handler): try handler(call)
                case .later(let handler): try await handler(call, request.body)
                }
            } catch {
                return failure(error, request.method, request.target)
            }
        }
    }

    private func find(_ method: String, _ target: String) -> Destination {
        destinations.find(method, target) { destination(of: target, method) }
    }

    /// The route, unless the target or its version is refused. The version is checked only where there is a route.
    private func destination(of target: String, _ method: String) -> Destination {
        let parsed: RequestTarget
        do {
            parsed = try RequestTarget(target)
        } catch {
            return .answer(Responses.unrouted(error))
        }
        if let cleaned = parsed.cleaned {
            return .answer(Response(status: 301, headers: Headers().adding("Location", cleaned)))
        }
        let version = parsed.version.map(APIVersion.init) ?? .newest
        let plainText = version < .jsonErrors
        guard let (route, name) = routes.find(method, parsed.path) else {
            return .answer(Responses.unrouted(.pageNotFound, plainText: plainText))
        }
        if let refusal = refusal(of: version) {
            return .answer(responses.versionError(refusal, plainText: plainText))
        }
        return .route(Place(route, version, name: name, query: parsed.query))
    }

    private func refusal(of version: APIVersion) -> APIError? {
        if version < minimumVersion {
            return .badRequest(
                "client version \(version) is too old. Minimum supported API version is \(minimumVersion), "
                    + "please upgrade your client to a newer version")
        }
        if version > .newest {
            return .badRequest(
                "client version \(version) is too new. Maximum supported API version is \(APIVersion.newest)")
        }
        return nil
    }

    private func failure(_ error: APIError, _ method: String, _ target: String) -> Response {
        if error.status >= 500, error.status != 501, error.status != 503 {
            logger.error(
                "a request failed",
                metadata: ["method": "\(method)", "target": "\(target)", "error": "\(error.message)"])
        }
        return responses.error(error)
    }
}

extension Call {
    var responses: Responses { api.responses }
    var cache: AnswerCache { api.cache }
    var networkListing: NetworkListing { api.networkListing }
}
