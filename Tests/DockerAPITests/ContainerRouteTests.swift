import Addressing
import JSON
import NetworkModel
import Testing

@Suite struct ContainerRouteTests {
    private let engine = FakeEngine()

    private func create(_ json: String, version: String = "", name: String = "web") async -> Answer {
        await engine.send("POST", "\(version)/containers/create?name=\(name)", json: json)
    }

    private func created() throws -> ContainerSummary {
        let request = try #require(engine.seen.containerRequests.last)
        return ContainerSummary(
            name: request.name, image: request.config.image, mode: request.host.networkMode,
            attachments: Array(request.attachments.keys), settings: Array(request.attachments.values))
    }

    private struct ContainerSummary {
        let name: String?
        let image: String
        let mode: NetworkMode
        let attachments: [String]
        let settings: [EndpointSettings]
    }

    @Test func whatTheCommandLineSendsPasses() async throws {
        let answer = await create(Recorded.cli28)
        #expect(answer.status == 201 && answer.json?["Warnings"] == [])
        let container = try created()
        #expect(container.name == "web" && container.image == "scratch" && container.mode == .network("front"))
        #expect(container.attachments == ["front"] && container.settings.first?.aliases == ["www"])
    }

    @Test func defaultMeansBridgeInModeAndKey() async throws {
        _ = await create(
            "{\"Image\":\"\",\"HostConfig\":{\"NetworkMode\":\"default\"},\"NetworkingConfig\":{\"EndpointsConfig\":{\"default\":{}}}}"
        )
        #expect(try created().attachments == ["bridge"])
        #expect(try created().mode == .bridge)
    }

    @Test func fieldsThatAreKeptArrive() async throws {
        _ = await create(
            """
            {"Hostname":"h","Domainname":"d","User":"u","Env":["A=b"],"Labels":{"k":"v"},"ExposedPorts":{"80":{},"53/UDP":{}},
             "Tty":true,"StopSignal":"SIGUSR1","StopTimeout":7,"WorkingDir":"/w","Cmd":[],"Entrypoint":null,
             "HostConfig":{"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3}}}
            """, name: "")
        let request = try #require(engine.seen.containerRequests.last)
        #expect(request.name == nil && request.config.hostname == "h" && request.config.domainname == "d")
        #expect(
            request.config.user == "u" && request.config.environment == ["A=b"] && request.config.labels == ["k": "v"])
        #expect(request.config.exposedPorts == ["53/udp", "80/tcp"] && request.config.tty)
        #expect(request.config.stopSignal == "SIGUSR1" && request.config.stopTimeout == 7)
        #expect(request.host.restartPolicy == RestartPolicy(name: .onFailure, maximumRetryCount: 3))
    }

    @Test(arguments: [
        ("", 400, "config cannot be empty in order to create a container"),
        ("{}", 400, "config cannot be empty in order to create a container"),
        ("{\"HostConfig\":{}}", 400, "config cannot be empty in order to create a container"),
        ("{\"Image\":\"alpine\"}", 404, "No such image: alpine:latest"),
        (
            "{\"Image\":7}", 400,
            "invalid JSON: json: cannot unmarshal number into Go struct field CreateRequest.Config.Image of type string"
        ),
        (
            "{\"Image\":\"\",\"HostConfig\":{\"NetworkMode\":\"container:\"}}", 400,
            "invalid network mode: invalid container format container:<name|id>"
        ),
        (
            "{\"Hostname\":\"h\",\"HostConfig\":{\"NetworkMode\":\"container:x\"}}", 400,
            "conflicting options: hostname and the network mode"
        ),
        (
            "{\"Image\":\"\",\"HostConfig\":{\"RestartPolicy\":{\"Name\":\"x\"}}}", 400,
            "invalid restart policy: unknown policy 'x'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'"
        ),
        (
            "{\"Image\":\"\",\"NetworkingConfig\":{\"EndpointsConfig\":{\"n\":null}}}", 400,
            "invalid config for network n: EndpointsConfig is nil"
        ),
        ("{\"StopSignal\":\"NOPE\"}", 400, "invalid signal: NOPE"),
        ("{\"ExposedPorts\":{\"70000/tcp\":{}}}", 400, "invalid JSON: invalid port '70000': value out of range"),
        (
            "{\"Image\":\"\",\"HostConfig\":{\"PortBindings\":{\"0/tcp\":[]}}}", 400,
            "invalid port specification: \"0/tcp\""
        ),
        (
            "{\"Image\":\"\",\"HostConfig\":{\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"odd\"}]}}}", 400,
            "invalid port specification: \"odd\""
        ),
        ("{\"ExposedPorts\":{\"abc\":{}}}", 400, "invalid JSON: invalid port 'abc': invalid syntax"),
        (
            "{\"Image\":\"\",\"HostConfig\":{\"Sysctls\":{\"net.ipv4.conf.eth0.x\":\"1\"}}}", 500,
            "interface specific sysctl setting \"net.ipv4.conf.eth0.x\" must be supplied using driver option 'com.docker.network.endpoint.sysctls'"
        ),
    ])
    func refusals(json: String, status: Int, text: String) async {
        let answer = await create(json)
        #expect(answer.status == status && answer.message == text)
        #expect(engine.seen.actions.isEmpty)
    }

    @Test func commandsAreRefusedWithTheReason() async {
        for json in ["{\"Cmd\":[\"sh\"]}", "{\"Cmd\":\"sh\"}", "{\"Entrypoint\":[\"sh\"]}"] {
            let answer = await create(json)
            #expect(answer.status == 400 && answer.message?.contains("network namespace and runs no command") == true)
        }
    }

    @Test(arguments: [
        "\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"8080\"}]}", "\"PublishAllPorts\":true", "\"Dns\":[\"1.1.1.1\"]",
        "\"DnsSearch\":[\"x\"]", "\"Binds\":[\"/a:/b\"]", "\"Mounts\":[{\"Type\":\"tmpfs\"}]", "\"Links\":[\"a:b\"]",
        "\"ExtraHosts\":[\"a:1.2.3.4\"]", "\"Memory\":1000", "\"Privileged\":true", "\"CapAdd\":[\"NET_ADMIN\"]",
        "\"PidMode\":\"host\"", "\"ShmSize\":1", "\"Devices\":[{}]", "\"Tmpfs\":{\"/x\":\"\"}", "\"PidsLimit\":5",
        "\"LogConfig\":{\"Type\":\"syslog\"}", "\"Init\":true", "\"Sysctls\":{\"net.core.somaxconn\":\"5\"}",
        "\"Runtime\":\"kata\"",
    ])
    func whatIsNotBuiltIsRefusedByName(field: String) async {
        let answer = await create("{\"Image\":\"scratch\",\"HostConfig\":{\(field)}}")
        let name = field.dropFirst().prefix { $0 != "\"" }
        #expect(answer.status == 501 && answer.message == "\(name) is not implemented by Fairlead")
    }

    @Test func severalNetworksNeed144() async throws {
        let json = "{\"Image\":\"\",\"NetworkingConfig\":{\"EndpointsConfig\":{\"b\":{},\"a\":{\"GwPriority\":3}}}}"
        let old = await create(json, version: "/v1.43")
        #expect(old.status == 400)
        #expect(old.message == "Container cannot be created with multiple network endpoints: a, b")
        #expect(await create(json, version: "/v1.47").status == 201)
        #expect(try created().attachments == ["b", "a"] && created().settings.map(\.gatewayPriority) == [0, 0])
        #expect(await create(json).status == 201)
        #expect(try created().settings.map(\.gatewayPriority) == [0, 3])
    }

    @Test func theContainersMACMovesToItsNetwork() async throws {
        let json = "{\"MacAddress\":\"02:00:00:00:00:07\",\"HostConfig\":{\"NetworkMode\":\"n\"}}"
        for (version, warnings) in [("/v1.43", 0), ("/v1.50", 1)] {
            let answer = await create(json, version: version)
            guard case .array(let texts) = answer.json?["Warnings"] else {
                return #expect(Bool(false), "\(answer.text)")
            }
            #expect(texts.count == warnings)
            #expect(try created().settings.first?.mac == MACAddress("02:00:00:00:00:07"))
        }
        _ = await create(json)
        #expect(try created().settings.isEmpty)
        let clash = await create(
            "{\"MacAddress\":\"02:00:00:00:00:07\",\"HostConfig\":{\"NetworkMode\":\"n\"},\"NetworkingConfig\":"
                + "{\"EndpointsConfig\":{\"n\":{\"MacAddress\":\"02:00:00:00:00:08\"}}}}", version: "/v1.50")
        #expect(clash.status == 400 && clash.message?.hasPrefix("the container-wide MAC address must match") == true)
    }

    @Test func verbsReachTheEngine() async {
        for (method, target, status, action) in [
            ("POST", "/containers/a/start", 204, "start a"), ("POST", "/containers/a/stop?t=5", 204, "stop a"),
            ("POST", "/containers/a/restart", 204, "restart a"), ("POST", "/containers/a/kill", 204, "kill a 9"),
            ("POST", "/containers/a/kill?signal=SIGterm", 204, "kill a 15"),
            ("POST", "/containers/a/kill?signal=10", 204, "kill a 10"),
            ("POST", "/containers/a/rename?name=b", 204, "rename a to b"), ("DELETE", "/containers/a", 204, "remove a"),
            ("DELETE", "/containers/a?force=1&v=1", 204, "remove a by force"),
        ] {
            let answer = await engine.send(method, target)
            #expect(answer.status == status && answer.body.isEmpty)
            #expect(engine.seen.actions.last == action)
        }
    }

    @Test(arguments: [
        ("POST", "/containers/a/kill?signal=NOPE", 400, "invalid signal: NOPE"),
        ("POST", "/containers/a/kill?signal=0", 400, "invalid signal: 0"),
        ("POST", "/containers/a/kill?signal=99", 400, "the linux daemon does not support signal 99"),
        ("POST", "/containers/a/rename", 400, "Neither old nor new names may be empty"),
        ("POST", "/containers/a/stop?t=x", 400, "strconv.Atoi: parsing \"x\": invalid syntax"),
        ("POST", "/containers/a/wait?condition=x", 400, "invalid condition: \"x\""),
        ("POST", "/containers/a/wait", 404, "No such container: a"),
        ("DELETE", "/containers/a?link=1", 501, "removing a link is not implemented by Fairlead"),
    ])
    func verbRefusals(method: String, target: String, status: Int, text: String) async {
        let answer = await engine.send(method, target)
        #expect(answer.status == status && answer.message == text)
        #expect(engine.seen.actions.isEmpty)
    }

    @Test func waitAnswersAtOnceAndEndsLater() async throws {
        engine.add(sampleContainer("web", "a"))
        let answer = await engine.send("POST", "/containers/web/wait?condition=next-exit")
        #expect(answer.status == 200 && answer.headers["Content-Type"] == "application/json")
        let stream = try #require(answer.stream)
        if case .later = stream.read(limit: 10, onReadable: {}) {
        } else {
            #expect(Bool(false), "there is a body already")
        }
        engine.seen.exits.first?.end(137)
        #expect(await stream.readAll() == ("{\"StatusCode\":137}\n", true))
    }

    @Test func aWaitEndsWhenItsClientGoes() async throws {
        engine.add(sampleContainer("web", "a"))
        let stream = try #require(await engine.send("POST", "/containers/web/wait").stream)
        let exit = try #require(engine.seen.exits.first)
        stream.markGone()
        #expect(await exit.value() == nil)
    }

    @Test func pruneAnswersNullOrIds() async {
        #expect(
            await engine.send("POST", "/containers/prune").text == "{\"ContainersDeleted\":null,\"SpaceReclaimed\":0}\n"
        )
        let web = engine.add(sampleContainer("web", "a"))
        let answer = await engine.send("POST", "/containers/prune")
        #expect(answer.json?["ContainersDeleted"] == [.string(web.id.text)])
    }
}
