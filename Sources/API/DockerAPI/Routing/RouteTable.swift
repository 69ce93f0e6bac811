/// All routes, in order of precedence.
struct RouteTable: Sendable {
    private let routes: [String: [Route]]
    /// Method and pattern of each route, as registered.
    let entries: [(method: String, pattern: String)]

    init(_ routes: [Route]) {
        self.routes = Dictionary(grouping: routes) { $0.method }
        entries = routes.map { ($0.method, $0.pattern.text) }
    }

    /// The first route that answers; Docker knows no 405, so nil means `page not found`.
    func find(_ method: String, _ path: [UInt8]) -> (route: Route, name: String)? {
        for route in routes[method] ?? [] {
            if let name = route.pattern.name(in: path) { return (route, name) }
        }
        return nil
    }

    static let docker = RouteTable(
        SystemRoutes.all + NetworkRoutes.all + ContainerRoutes.all + ContainerReadRoutes.all + EventRoutes.all
            + AbsentRoutes.all)
}
