/// A version of Docker's API, `1.44`. Compared as moby's `versions` package does: number by number, what is missing or
/// no number being 0.
struct APIVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// As it was written.
    let text: String
    private let numbers: [Int]

    init(_ text: String) {
        self.text = text
        var numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        while numbers.last == 0 { numbers.removeLast() }
        self.numbers = numbers
    }

    var description: String { text }

    static func == (left: APIVersion, right: APIVersion) -> Bool { left.numbers == right.numbers }
    static func < (left: APIVersion, right: APIVersion) -> Bool {
        left.numbers.lexicographicallyPrecedes(right.numbers)
    }
    func hash(into hasher: inout Hasher) { hasher.combine(numbers) }

    /// The newest one served.
    static let newest = APIVersion("1.56")
    /// The oldest one that moby still has the code for.
    static let oldest = APIVersion("1.24")
    /// Below this, errors are plain text.
    static let jsonErrors = APIVersion("1.24")
    /// `GET /networks` no longer tells all that inspect does.
    static let networkSummaries = APIVersion("1.28")
    /// A container may be created on several networks; MAC addresses belong to endpoints.
    static let severalEndpoints = APIVersion("1.44")
    /// Aliases are the user's own; generated names are `DNSNames`.
    static let ownAliases = APIVersion("1.45")
    /// `EnableIPv4` and `GwPriority` count; sysctls of an interface belong to its endpoint.
    static let gatewayPriority = APIVersion("1.48")
    static let firewallBackend = APIVersion("1.49")
    /// `Status` in a network, no legacy fields in a container, `application/jsonl` events.
    static let networkStatus = APIVersion("1.52")
    /// `EndpointConfig.MacAddress` counts on connect.
    static let connectMAC = APIVersion("1.54")
}
