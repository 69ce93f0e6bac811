import Addressing
import Dataplane
import FairleadAPI
import Glibc
import HTTPMessage
import NetworkModel
import Testing

@testable import Engine
@testable import fairlead

/// An Engine with one plan and some containers.
private struct ModelEngine: FairleadEngine {
    var snapshot = Snapshot()
    var outcome: Result<Plan, EngineError> = .success(Plan())

    func plan() async throws(EngineError) -> Plan { try outcome.get() }
}

struct FairleadAPITests {
    private let id = ObjectID.random()

    private func engine(_ mode: NetworkMode = .bridge, running: Bool = true) -> ModelEngine {
        var container = Container(
            id: id, name: "web/1", created: .now(), config: ContainerConfig(), host: HostConfig(), attachments: [:],
            state: ContainerState(status: running ? .running : .exited),
            sandbox: running ? Sandbox(id: .random(), path: "/run/x", identity: "", pid: 7) : nil)
        container.host.networkMode = mode
        var engine = ModelEngine()
        engine.snapshot.insert(ContainerEntry(container: container))
        return engine
    }

    private func answer(_ engine: ModelEngine, _ target: String, method: String = "GET") async throws -> (Int, [UInt8])
    {
        let api = FairleadAPI(engine: engine, metrics: { "figure 1\n" })
        let response = await api.respond(
            to: Request(
                method: method, target: target, headers: Headers(), body: BodyStream([]),
                peer: .unix(pid: 1, uid: 0)))
        guard case .bytes(let bytes) = response.body else { throw TestFailure("no body") }
        return (response.status, bytes)
    }

    @Test func aPlanInWords() async throws {
        let bridge = LinkID("br-x")
        let prefix = try IPPrefix.parse("10.0.0.1/24")
        let plan = Plan(steps: [
            Step(.repairTable, reason: "rules are missing"),
            Step(.addAddress(AddressSpec(link: bridge, prefix: prefix)), reason: "missing"),
            Step(.setUp(bridge), reason: "is down"),
        ])
        var engine = engine()
        engine.outcome = .success(plan)
        let (status, bytes) = try await answer(engine, FairleadAPI.planPath)
        #expect(status == 200)
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"steps":[{"action":"repair","object":"table inet fairlead","reason":"rules are missing"},"#
                + #"{"action":"add address","object":"10.0.0.1/24 to br-x","reason":"missing"},"#
                + #"{"action":"bring up","object":"br-x","reason":"is down"}]}"# + "\n")
        let report = try PlanReport(bytes)
        #expect(report == PlanReport(plan))
        #expect(
            PlanCommand.text(report) == """
                repair table inet fairlead: rules are missing
                add address 10.0.0.1/24 to br-x: missing
                bring up br-x: is down

                """)
        #expect(report.steps.count == plan.steps.count)
        #expect(PlanCommand.text(PlanReport(steps: [])) == "Nothing to do: the kernel is as it shall be.\n")
    }

    @Test func aPlanThatCannotBeMade() async throws {
        var engine = engine()
        engine.outcome = .failure(EngineError(.system, "links: No buffer space available"))
        let (status, bytes) = try await answer(engine, FairleadAPI.planPath)
        #expect(status == 500)
        #expect(try ErrorReport(bytes).message == "links: No buffer space available")
    }

    @Test func theWayIntoANamespace() async throws {
        for term in ["web/1", id.text, id.short] {
            let (status, bytes) = try await answer(engine(), FairleadAPI.namespacePath(of: term))
            #expect(status == 200)
            let report = try NamespaceReport(bytes)
            #expect(report.path == "/run/x" && report.pid == 7 && !report.hostMode)
            #expect(report.daemonPid == getpid() && report.daemonStart == ProcessStart.ticks(of: getpid()))
        }
        let (_, bytes) = try await answer(engine(.host), FairleadAPI.namespacePath(of: "web/1"))
        #expect(try NamespaceReport(bytes).hostMode)
    }

    @Test func refusals() async throws {
        let stopped = try await answer(engine(running: false), FairleadAPI.namespacePath(of: "web/1"))
        #expect(stopped.0 == 409)
        #expect(try ErrorReport(stopped.1).message == "container \(id) is not running")
        let unknown = try await answer(engine(), FairleadAPI.namespacePath(of: "db"))
        #expect(unknown.0 == 404)
        #expect(try ErrorReport(unknown.1).message == "No such container: db")
    }

    @Test(arguments: [
        ("GET", "/fairlead/v1/nonsense"), ("POST", "/fairlead/v1/plan"),
        ("GET", "/fairlead/v1/containers/a%2/namespace"),
        ("DELETE", "/fairlead/v1/containers/web/namespace"), ("GET", "/fairlead/v1/containers/a/b/namespace"),
    ])
    func whatIsNotThere(_ method: String, _ target: String) async throws {
        let (status, bytes) = try await answer(engine(), target, method: method)
        #expect(status == 404)
        #expect(try ErrorReport(bytes).message == "page not found")
    }

    @Test func figures() async throws {
        let (status, bytes) = try await answer(engine(), FairleadAPI.metricsPath)
        #expect(status == 200 && String(decoding: bytes, as: UTF8.self) == "figure 1\n")
    }
}
