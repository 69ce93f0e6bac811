import DockerAPI
import HTTPMessage
import Logging
import NetworkModel
import Testing

@Suite struct RoutingTests {
    private let engine = FakeEngine()

    @Test func everyRoutedResponseCarriesDockersHeaders() async {
        for target in ["/version", "/v1.44/version", "/networks/nope", "/v1.24/info"] {
            let answer = await engine.send("GET", target)
            #expect(answer.headers["Server"] == "Docker/0.1.0 (linux)")
            #expect(answer.headers["Api-Version"] == "1.56")
            #expect(answer.headers["Ostype"] == "linux")
            #expect(answer.headers["Docker-Experimental"] == "false")
            #expect(answer.headers["Content-Type"] == "application/json")
        }
    }

    @Test(arguments: [
        ("GET", "/nope"), ("PUT", "/networks"), ("HEAD", "/info"), ("GET", "/v9.99/nope"), ("POST", "/networks/x/nope"),
        ("GET", "/version/"), ("BREW", "/version"),
    ])
    func unknownPathsAndMethodsAreNotFoundWithoutHeaders(method: String, target: String) async {
        let answer = await engine.send(method, target)
        #expect(answer.status == 404 && answer.message == "page not found")
        #expect(answer.headers.fields.map(\.name) == ["Content-Type"])
    }

    /// Whoever follows the redirect arrives: one that led to another that led back was found by the fuzzer.
    @Test(arguments: [("a/../b//c", "/b/c"), ("x//.", "/x"), ("//networks/./x", "/networks/x")])
    func pathsAreCleanedInOneGo(target: String, expected: String) async {
        let answer = await engine.send("GET", target)
        #expect(answer.status == 301 && answer.headers["Location"] == expected)
    }

    @Test(arguments: [
        (
            "1.23",
            "client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version"
        ),
        ("1.57", "client version 1.57 is too new. Maximum supported API version is 1.56"),
        ("2", "client version 2 is too new. Maximum supported API version is 1.56"),
    ])
    func versionsOutsideTheRangeAreRefused(version: String, text: String) async {
        let answer = await engine.send("GET", "/v\(version)/info")
        #expect(answer.status == 400)
        #expect(answer.headers["Api-Version"] == "1.56" && answer.headers["Docker-Experimental"] == nil)
        if version == "1.23" {
            #expect(answer.text == text + "\n")
            #expect(answer.headers["Content-Type"] == "text/plain; charset=utf-8")
            #expect(answer.headers["X-Content-Type-Options"] == "nosniff")
        } else {
            #expect(answer.message == text)
        }
    }

    @Test func theMinimumVersionCanBeRaised() async {
        let answer = await engine.send("GET", "/v1.39/info", minimum: "1.40")
        #expect(answer.status == 400)
        #expect(
            answer.message?.hasPrefix("client version 1.39 is too old. Minimum supported API version is 1.40,") == true)
        #expect(await engine.send("GET", "/v1.40/info", minimum: "1.40").status == 200)
        #expect(await engine.send("GET", "/v1.40.0/info", minimum: "1.40").status == 200)
    }

    @Test func pathsAreDecodedOnceAndNamesTakeAnything() async {
        engine.add(sampleNetwork("a b/ü%", "1"))
        let answer = await engine.send("GET", "/networks/a%20b%2F%C3%BC%25")
        #expect(answer.status == 200)
        #expect(await engine.send("DELETE", "/v1.44/networks/a/b/connect").status == 204)
        #expect(engine.seen.actions == ["remove network a/b/connect"])
        let invalid = await engine.send("GET", "/networks/%zz")
        #expect(invalid.status == 400 && invalid.message == "parse \"/networks/%zz\": invalid URL escape \"%zz\"")
    }

    @Test func doubledSlashesAndDotsAreRedirected() async {
        for (target, location) in [
            ("//version", "/version"), ("/v1.44//networks?a=1", "/v1.44/networks?a=1"), ("/a/../info", "/info"),
            ("/./info/", "/info/"), ("/networks/..", "/"),
        ] {
            let answer = await engine.send("GET", target)
            #expect(answer.status == 301 && answer.headers["Location"] == location)
        }
        #expect(await engine.send("GET", "/networks/..x").status == 404)
    }

    @Test func absoluteTargetsAreUnderstood() async {
        #expect(await engine.send("GET", "http://api.moby.localhost/v1.44/version").status == 200)
    }

    @Test func literalRoutesAreNetworksForOtherMethods() async {
        let answer = await engine.send("GET", "/networks/create")
        #expect(answer.status == 404 && answer.message == "network create not found")
    }

    @Test func optionsAnswersEverywhere() async {
        let answer = await engine.send("OPTIONS", "/v1.44/whatever")
        #expect(answer.status == 200 && answer.body.isEmpty && answer.headers["Api-Version"] == "1.56")
        #expect(await engine.send("OPTIONS", "/v9.9/whatever").status == 400)
    }

    @Test func pingIsTwoBytes() async {
        let get = await engine.send("GET", "/_ping")
        #expect(get.text == "OK")
        let head = await engine.send("HEAD", "/v1.44/_ping")
        #expect(head.status == 200 && head.body.isEmpty)
        for answer in [get, head] {
            #expect(answer.headers["Content-Type"] == "text/plain; charset=utf-8")
            #expect(answer.headers["Cache-Control"] == "no-cache, no-store, must-revalidate")
            #expect(answer.headers["Pragma"] == "no-cache")
            #expect(answer.headers["Swarm"] == "inactive" && answer.headers["Builder-Version"] == "1")
            #expect(answer.headers["Api-Version"] == "1.56")
        }
    }

    @Test func fairleadTargetsGoToTheFallback() async {
        struct Own: Responder {
            func respondAtOnce(to request: RequestHead) -> Response? { Response(status: 299) }
            func respond(to request: Request) async -> Response { Response(status: 500) }
        }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let api = DockerAPI(engine: engine, fallback: Own(), logger: logger)
        #expect(await api.send("GET", "/fairlead/v1/plan").status == 299)
        #expect(await api.send("GET", "/fairleads").status == 404)
        #expect(await engine.send("GET", "/fairlead/v1/plan").status == 404)
    }

    @Test(arguments: [
        (EngineError.Class.notFound, 404), (.invalidArgument, 400), (.conflict, 409), (.forbidden, 403),
        (.unavailable, 503), (.notImplemented, 501), (.system, 500),
    ])
    func classesHaveTheirStatus(kind: EngineError.Class, status: Int) async {
        engine.state.withLock { $0.refusal = EngineError(kind, "that <is> why & how") }
        let answer = await engine.send("DELETE", "/networks/x")
        #expect(answer.status == status && answer.text == "{\"message\":\"that <is> why & how\"}\n")
    }

    @Test func notModifiedHasNoBody() async {
        engine.state.withLock { $0.refusal = EngineError(.notModified, "container already started") }
        let answer = await engine.send("POST", "/containers/x/start")
        #expect(answer.status == 304 && answer.body.isEmpty)
    }

    @Test func readsNeedNoActor() {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let api = DockerAPI(engine: engine, logger: logger)
        for target in ["/networks", "/networks/x", "/containers/json?all=1", "/containers/x/json", "/info", "/version"]
        {
            let head = RequestHead(method: "GET", target: target, headers: Headers(), peer: .unix(pid: 1, uid: 0))
            #expect(api.respondAtOnce(to: head) != nil)
        }
        let head = RequestHead(
            method: "POST", target: "/networks/create", headers: Headers(), peer: .unix(pid: 1, uid: 0))
        #expect(api.respondAtOnce(to: head) == nil)
    }

    @Test(arguments: [
        ("/swarm", 503, "This node is not part of a swarm"), ("/services", 503, "This node is not part of a swarm"),
        ("/nodes/x", 503, "This node is not part of a swarm"),
        ("/images/alpine/json", 404, "No such image: alpine:latest"),
        ("/images/a:5000/b/json", 404, "No such image: a:5000/b:latest"),
        ("/images/a@sha256:0/json", 404, "No such image: a@sha256:0"), ("/volumes/v", 404, "get v: no such volume"),
        ("/containers/x/logs", 404, "No such container: x"), ("/exec/1/json", 404, "No such exec instance: 1"),
    ])
    func whatIsNotThereIsSaidAsDockerSaysIt(target: String, status: Int, text: String) async {
        let answer = await engine.send("GET", target)
        #expect(answer.status == status && answer.message == text)
    }

    @Test func leavingASwarmIsUnavailable() async {
        let answer = await engine.send("POST", "/swarm/leave?force=true")
        #expect(answer.status == 503 && answer.message == "This node is not part of a swarm")
    }

    @Test func emptyListsAreEmpty() async {
        #expect(await engine.send("GET", "/images/json").text == "[]\n")
        #expect(await engine.send("GET", "/plugins").text == "[]\n")
        #expect(await engine.send("GET", "/volumes").text == "{\"Volumes\":[],\"Warnings\":null}\n")
        #expect(await engine.send("GET", "/networks").text == "[]\n")
        #expect(await engine.send("GET", "/containers/json").text == "[]\n")
    }

    @Test func whatIsNotBuiltIsNamed() async {
        engine.add(sampleContainer("web", "a"))
        for (method, target, part) in [
            ("POST", "/build", "building images"), ("POST", "/images/create?fromImage=x", "pulling images"),
            ("GET", "/containers/web/logs", "reading logs"), ("POST", "/containers/web/exec", "running commands"),
        ] {
            let answer = await engine.send(method, target)
            #expect(answer.status == 501 && answer.message?.hasPrefix(part) == true)
        }
    }
}
