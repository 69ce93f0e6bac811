import Engine
import Glibc
public import HTTPMessage
import NetworkModel

/// The routes of `/fairlead/v1`: what Docker's API has no place for. Anything else is `page not found`.
public struct FairleadAPI: Responder {
    private let engine: any FairleadEngine
    private let metrics: @Sendable () -> String

    /// `metrics` gives the current figures in Prometheus' text format.
    public init(engine: any FairleadEngine, metrics: @escaping @Sendable () -> String) {
        self.engine = engine
        self.metrics = metrics
    }

    /// Where all routes begin.
    public static let prefix = "/fairlead/"

    /// The path of `NamespaceReport` for a container's name or id.
    public static func namespacePath(of container: String) -> String {
        prefix + "v1/containers/" + PathSegment.encode(container) + "/namespace"
    }

    public static let planPath = prefix + "v1/plan"
    public static let metricsPath = prefix + "v1/metrics"

    /// All but the plan comes from what is in memory.
    public func respondAtOnce(to request: RequestHead) -> Response? {
        let path = request.target.prefix { $0 != "?" }
        if path == Self.planPath { return request.method == "GET" ? nil : notFound }
        guard request.method == "GET" else { return notFound }
        if path == Self.metricsPath {
            return Response(
                status: 200, headers: Headers([.init(name: "Content-Type", value: "text/plain; version=0.0.4")]),
                body: .bytes(Array(metrics().utf8)))
        }
        guard let term = PathSegment.container(in: path) else { return notFound }
        do throws(EngineError) {
            return json(200, try namespace(of: term).json)
        } catch {
            return refusal(error)
        }
    }

    public func respond(to request: Request) async -> Response {
        let head = RequestHead(
            method: request.method, target: request.target, headers: request.headers, peer: request.peer)
        if let response = respondAtOnce(to: head) { return response }
        do throws(EngineError) {
            return json(200, PlanReport(try await engine.plan()).json)
        } catch {
            return refusal(error)
        }
    }

    private func namespace(of term: String) throws(EngineError) -> NamespaceReport {
        let container = try engine.snapshot.container(term).container
        guard container.state.isRunning, let sandbox = container.sandbox else {
            throw EngineError(.conflict, "container \(container.id) is not running")
        }
        return NamespaceReport(
            path: sandbox.path, pid: sandbox.pid, daemonPid: getpid(),
            daemonStart: ProcessStart.ticks(of: getpid()) ?? 0, hostMode: sharesHost(container))
    }

    /// Whether the container, or the one whose namespace it shares in the end, is in host mode.
    private func sharesHost(_ container: Container) -> Bool {
        var seen: Set<ObjectID> = []
        var owner = container
        while case .container(let term) = owner.host.networkMode, seen.insert(owner.id).inserted {
            guard let next = try? engine.snapshot.container(term).container else { return false }
            owner = next
        }
        return owner.host.networkMode == .host
    }

    private var notFound: Response { json(404, ErrorReport(message: "page not found").json) }

    private func refusal(_ error: EngineError) -> Response {
        json(error.kind.status, ErrorReport(message: error.message).json)
    }

    private func json(_ status: Int, _ bytes: [UInt8]) -> Response {
        Response(
            status: status, headers: Headers([.init(name: "Content-Type", value: "application/json")]),
            body: .bytes(bytes))
    }
}

extension EngineError.Class {
    /// As in Docker's API (docker-network-api 1.5).
    fileprivate var status: Int {
        switch self {
        case .notModified: 304
        case .invalidArgument: 400
        case .forbidden: 403
        case .notFound: 404
        case .conflict: 409
        case .system: 500
        case .notImplemented: 501
        case .unavailable: 503
        }
    }
}
