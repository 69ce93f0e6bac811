import HTTPMessage
import Synchronization

/// Where a request's method and raw target lead. Nothing else decides it.
enum Destination: Sendable {
    case answer(Response)
    case route(Route, APIVersion, name: String, query: Substring)
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
