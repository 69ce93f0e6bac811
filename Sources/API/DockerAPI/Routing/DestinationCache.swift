import HTTPMessage
import Synchronization

/// Where a request's method and raw target lead. Nothing else decides it.
enum Destination: Sendable {
    case answer(Response)
    case route(Place)
}

/// A route as one target leads to it.
final class Place: Sendable {
    let route: Route
    let version: APIVersion
    let name: String
    let query: Substring
    private let last = Mutex<(generation: UInt64, response: Response)?>(nil)

    init(_ route: Route, _ version: APIVersion, name: String, query: Substring) {
        self.route = route
        self.version = version
        self.name = name
        self.query = query
    }

    /// The last answer, if it is of this generation of the state, or what `make` answers now. Only small answers that come
    /// out of a cache, so that they depend on the state alone, are remembered.
    func answer<Failure>(generation: UInt64, _ make: () throws(Failure) -> Response) throws(Failure) -> Response {
        if let known = last.withLock({ $0?.generation == generation ? $0?.response : nil }) { return known }
        let response = try make()
        if response.kept != nil, case .bytes(let bytes) = response.body, bytes.count <= 16 << 10 {
            last.withLock { $0 = (generation, response) }
        }
        return response
    }
}

/// Where the targets of recent GETs lead: pollers ask for the same again and again, and taking a target apart costs more
/// than finding the answer.
final class DestinationCache: Sendable {
    private static let capacity = 1024
    /// In bytes: longer ones are rare, and would make the cache big.
    private static let longest = 256

    private let destinations = Mutex<[String: Destination]>([:])

    func find(_ method: String, _ target: String, _ seek: () -> Destination) -> Destination {
        guard method == "GET", target.utf8.count <= Self.longest else { return seek() }
        if let known = destinations.withLock({ $0[target] }) { return known }
        let destination = seek()
        guard case .route = destination else { return destination }
        destinations.withLock { destinations in
            if destinations.count >= Self.capacity { destinations.removeAll(keepingCapacity: true) }
            destinations[target] = destination
        }
        return destination
    }
}
