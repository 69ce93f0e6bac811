import HTTPMessage

/// One method and pattern with what answers them.
final class Route: Sendable {
    enum Handler: Sendable {
        /// Needs a snapshot at most: never waits, so it may run on the server's own threads.
        case atOnce(@Sendable (Call) throws(APIError) -> Response)
        case later(@Sendable (Call, BodyStream) async throws(APIError) -> Response)
    }

    let method: String
    let pattern: Pattern
    let handler: Handler

    private init(_ method: String, _ pattern: String, _ handler: Handler) {
        self.method = method
        self.pattern = Pattern(pattern)
        self.handler = handler
    }

    static func atOnce(
        _ method: String, _ pattern: String, _ handler: @escaping @Sendable (Call) throws(APIError) -> Response
    ) -> Route {
        Route(method, pattern, .atOnce(handler))
    }

    static func later(
        _ method: String, _ pattern: String,
        _ handler: @escaping @Sendable (Call, BodyStream) async throws(APIError) -> Response
    ) -> Route {
        Route(method, pattern, .later(handler))
    }
}

/// A request that a route has been found for.
struct Call: Sendable {
    let api: DockerAPI
    let version: APIVersion
    /// What stands for `{id}` or `{name}` in the pattern.
    let name: String
    let rawQuery: Substring
    let headers: Headers

    init(api: DockerAPI, _ place: Place, _ headers: Headers) {
        self.api = api
        version = place.version
        name = place.name
        rawQuery = place.query
        self.headers = headers
    }

    var engine: any DockerEngine { api.engine }

    /// The query as Docker's `ParseForm` reads it.
    ///
    /// - Throws: 400 for an invalid escape.
    func query() throws(APIError) -> QueryParameters {
        let query = QueryParameters(rawQuery)
        if let refusal = query.refusal { throw refusal }
        return query
    }
}
