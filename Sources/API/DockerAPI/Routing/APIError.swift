import Addressing
import NetworkModel

/// A refusal on its way to the client: status and text.
struct APIError: Error, Sendable, Equatable {
    let status: Int
    let message: String

    init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }

    /// A class of the Engine's as a status (docker-network-api 1.5).
    init(_ error: EngineError) {
        let status =
            switch error.kind {
            case .notFound: 404
            case .invalidArgument: 400
            case .conflict: 409
            case .forbidden: 403
            case .unavailable: 503
            case .notModified: 304
            case .notImplemented: 501
            case .system: 500
            }
        self.init(status, error.message)
    }

    static func badRequest(_ message: String) -> APIError { APIError(400, message) }

    /// What Docker can do and Fairlead can't (yet).
    static func notBuilt(_ what: String) -> APIError { APIError(501, what + " is not implemented by Fairlead") }

    static let pageNotFound = APIError(404, "page not found")
}

/// Runs something of the Engine's, its refusals turned into statuses.
func asking<Answer>(_ body: () throws(EngineError) -> Answer) throws(APIError) -> Answer {
    do {
        return try body()
    } catch {
        throw APIError(error)
    }
}

/// Runs something of the Engine's, its refusals turned into statuses.
func asking<Answer: Sendable>(
    _ body: @Sendable () async throws(EngineError) -> Answer
) async throws(APIError) -> Answer {
    do {
        return try await body()
    } catch {
        throw APIError(error)
    }
}
