import Addressing
@testable import DockerAPI
@testable import FairleadAPI

extension FuzzTarget {
    /// Raw request targets, API versions, media types, percent-encoding. The first byte chooses the method.
    static let targets = FuzzTarget("targets") { input in
        guard let choice = input.first else { return }
        let text = String(decoding: input.dropFirst(), as: UTF8.self)
        if let target = answered({ () throws(APIError) in try RequestTarget(text) }) {
            if let cleaned = target.cleaned {
                // Whoever follows the redirect must arrive.
                let again = try? RequestTarget(cleaned)
                require(again != nil && again?.cleaned == nil, "\(cleaned.goQuoted) leads elsewhere again")
            }
            let method = ["GET", "POST", "DELETE", "HEAD", "PUT"][Int(choice) % 5]
            if let found = RouteTable.docker.find(method, target.path) {
                require(found.route.method == method, "a route of another method")
            }
            if let version = target.version.map(APIVersion.init) {
                require(version == version && !(version < version), "a version unlike itself")
            }
        }
        let encoded = PathSegment.encode(text)
        require(PathSegment.decode(encoded) == text, "encoded and decoded, it is another")
        _ = PathSegment.decode(text)
        if let name = PathSegment.container(in: text) { require(text.utf8.count >= name.utf8.count, "longer") }
        if let type = try? MediaType.parse(text) { require(!type.isEmpty, "an empty media type") }
        _ = PercentEncoding.firstInvalidEscape(text)
    }
}
