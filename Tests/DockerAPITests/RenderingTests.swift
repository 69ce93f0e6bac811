import Addressing
import Engine
import JSON
import NetworkModel
import Testing

@Suite struct RenderingTests {
    private let engine = FakeEngine()

    @Test func aNetworkHasAllItsKeys() async throws {
        var network = sampleNetwork("front", "1", labels: ["team": "a"])
        network.ipamOptions = [:]
        network.pools[0].auxiliaryAddresses = ["printer": try #require(IPAddress("172.28.0.9"))]
        let web = engine.add(sampleContainer("web", "a", on: ["front"], status: .running))
        engine.add(
            network, endpoints: [sampleEndpoint(of: web, on: network, address: "172.28.0.2/16")],
            usage: [PoolUsage(inUse: 4, dynamicAvailable: .max)])
        let answer = await engine.send("GET", "/networks/front")
        let created = network.created.rfc3339(offset: network.created.localOffset)
        let member = """
            {"Name":"front","Id":"\(network.id)","Created":"\(created)","Scope":"local","Driver":"bridge",\
            "EnableIPv4":true,"EnableIPv6":false,"IPAM":{"Driver":"default","Options":{},"Config":[{"Subnet":\
            "172.28.0.0/16","Gateway":"172.28.0.1","AuxiliaryAddresses":{"printer":"172.28.0.9"}}]},"Internal":false,\
            "Attachable":false,"Ingress":false,"ConfigFrom":{"Network":""},"ConfigOnly":false,"Options":{},\
            "Labels":{"team":"a"}
            """
        let containers = """
            ,"Containers":{"\(web.id)":{"Name":"web","EndpointID":"\(id("e"))","MacAddress":"02:00:00:00:00:09",\
            "IPv4Address":"172.28.0.2/16","IPv6Address":""}}
            """
        let status = """
            ,"Status":{"IPAM":{"Subnets":{"172.28.0.0/16":{"IPsInUse":4,"DynamicIPsAvailable":18446744073709551615}}}}
            """
        #expect(answer.text == member + containers + status + "}\n")
        #expect(await engine.send("GET", "/v1.51/networks/front").text == member + containers + "}\n")
        #expect(await engine.send("GET", "/v1.28/networks").text == "[" + member + "}]\n")
        #expect(await engine.send("GET", "/v1.27/networks").text == "[" + member + containers + "}]\n")
    }

    @Test func whatIsMissingIsNullOrEmptyAsInDocker() async throws {
        engine.add(sampleNetwork("host", "2", driver: "host", subnet: nil))
        let json = try #require(await engine.send("GET", "/networks/host").json)
        #expect(json["IPAM"]?["Config"] == .null && json["IPAM"]?["Options"] == .null)
        #expect(json["Containers"] == [:] && json["Options"] == [:] && json["Status"] == ["IPAM": [:]])
    }

    @Test func lookupFailuresHaveTheirTexts() async {
        engine.add(sampleNetwork("a", "1"))
        engine.add(
            Network(
                id: ObjectID("12" + String(repeating: "0", count: 62)) ?? .random(), name: "b", created: moment(),
                driver: "bridge"))
        for (target, status, text) in [
            ("/networks/x", 404, "network x not found"),
            ("/networks/1", 400, "2 matches found based on ID prefix: network 1 is ambiguous"),
            (
                "/networks/a?verbose=yes", 400,
                "invalid value for verbose: yes: strconv.ParseBool: parsing \"yes\": invalid syntax"
            ),
            ("/networks/a?scope=global", 404, "network a not found"),
        ] {
            let answer = await engine.send("GET", target)
            #expect(answer.status == status && answer.message == text)
        }
        #expect(await engine.send("GET", "/networks/12?scope=local&verbose=T").json?["Name"] == "b")
    }

    @Test func aChangeIsSeenThroughTheCache() async {
        var network = sampleNetwork("front", "1")
        engine.add(network)
        let api = engine
        #expect(await api.send("GET", "/networks/front").json?["Internal"] == false)
        network.isInternal = true
        engine.add(network)
        #expect(await api.send("GET", "/networks/front").json?["Internal"] == true)
        guard case .array(let list) = await api.send("GET", "/networks").json else { return #expect(Bool(false)) }
        #expect(list.first?["Internal"] == true)
    }

    @Test func aRunningContainerShowsItsEndpoint() async throws {
        var web = sampleContainer("web", "a", on: ["front"], status: .running)
        web.config.exposedPorts = ["80/tcp"]
        web.attachments["front"]?.aliases = ["www"]
        web.attachments["front"]?.ipam = EndpointSettings.IPAM(ipv4: IPAddress("172.28.0.2"))
        engine.add(web)
        let network = sampleNetwork("front", "1")
        engine.add(network, endpoints: [sampleEndpoint(of: web, on: network, address: "172.28.0.2/16")])
        let json = try #require(await engine.send("GET", "/containers/web/json").json)
        #expect(json["Name"] == "/web" && json["State"]?["Running"] == true && json["State"]?["Pid"] == 0)
        #expect(json["State"]?["FinishedAt"] == "0001-01-01T00:00:00Z")
        #expect(json["Config"]?["Hostname"] == .string(web.id.short))
        #expect(json["HostConfig"]?["NetworkMode"] == "front")
        let settings = try #require(json["NetworkSettings"])
        #expect(settings.keys == ["SandboxID", "SandboxKey", "Ports", "Networks"])
        #expect(settings["SandboxKey"] == "/run/fairlead/netns/x" && settings["Ports"] == ["80/tcp": nil])
        let expected: JSONValue = [
            "IPAMConfig": ["IPv4Address": "172.28.0.2"], "Links": nil, "Aliases": ["www"], "DriverOpts": nil,
            "GwPriority": 0, "NetworkID": .string(network.id.text), "EndpointID": .string(id("e").text),
            "Gateway": "172.28.0.1", "IPAddress": "172.28.0.2", "MacAddress": "02:00:00:00:00:09", "IPPrefixLen": 16,
            "IPv6Gateway": "", "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0,
            "DNSNames": ["web", .string(web.id.short)],
        ]
        #expect(settings["Networks"]?["front"] == expected)
        let old = try #require(await engine.send("GET", "/v1.44/containers/web/json").json)
        #expect(
            old["NetworkSettings"]?["Networks"]?["front"]?["Aliases"] == ["www", .string(web.id.short)])
        #expect(old["NetworkSettings"]?["IPAddress"] == nil)
    }

    @Test func theDefaultBridgeStandsTwiceBefore152() async throws {
        let web = engine.add(sampleContainer("web", "a", status: .running))
        let bridge = sampleNetwork("bridge", "1")
        engine.add(bridge, endpoints: [sampleEndpoint(of: web, on: bridge, address: "172.28.0.2/16")])
        let old = try #require(await engine.send("GET", "/v1.51/containers/web/json").json?["NetworkSettings"])
        #expect(old["IPAddress"] == "172.28.0.2" && old["Gateway"] == "172.28.0.1" && old["IPPrefixLen"] == 16)
        let new = try #require(await engine.send("GET", "/v1.52/containers/web/json").json?["NetworkSettings"])
        #expect(new["IPAddress"] == nil && new["Networks"]?["bridge"]?["DNSNames"] == .null)
    }

    @Test func aStoppedContainerKeepsWhatWasAskedFor() async throws {
        var web = sampleContainer("web", "a", on: ["front"])
        web.attachments["front"] = EndpointSettings(
            links: ["db:database"], aliases: ["www"], driverOptions: ["a": "b"], gatewayPriority: 5,
            mac: MACAddress("02:00:00:00:00:01"))
        engine.add(web)
        let created = try #require(
            await engine.send("GET", "/containers/web/json").json?["NetworkSettings"]?["Networks"]?["front"])
        #expect(
            created["MacAddress"] == "02:00:00:00:00:01" && created["IPAddress"] == "" && created["EndpointID"] == "")
        #expect(
            created["Links"] == ["db:database"] && created["DriverOpts"] == ["a": "b"] && created["GwPriority"] == 5)
        #expect(created["DNSNames"] == ["web", "www", .string(web.id.short)] && created["IPAMConfig"] == .null)
        web.state.status = .exited
        engine.add(web)
        let exited = try #require(await engine.send("GET", "/containers/web/json").json?["NetworkSettings"])
        #expect(
            exited["Networks"]?["front"]?["MacAddress"] == "" && exited["SandboxKey"] == "" && exited["Ports"] == [:])
    }

    @Test func theListTellsLess() async throws {
        var web = sampleContainer("web", "a", on: ["front"], created: .now(), status: .running)
        web.config.exposedPorts = ["53/udp"]
        web.attachments["front"]?.aliases = ["www"]
        engine.add(web)
        guard case .array(let list) = await engine.send("GET", "/containers/json").json, let json = list.first else {
            return #expect(Bool(false))
        }
        #expect(json["Names"] == ["/web"] && json["State"] == "running" && json["Status"] == "Up Less than a second")
        #expect(json["Ports"] == [["PrivatePort": 53, "Type": "udp"]] && json["Health"]?["Status"] == "none")
        #expect(json["NetworkSettings"]?["Networks"]?["front"]?["Aliases"] == .null)
        #expect(json["HostConfig"] == ["NetworkMode": "front"])
    }

    @Test func infoAndVersionAreComplete() async throws {
        engine.add(sampleContainer("web", "a", status: .running))
        engine.add(sampleContainer("app", "b"))
        let info = try #require(await engine.send("GET", "/info").json)
        #expect(info["Containers"] == 2 && info["ContainersRunning"] == 1 && info["ContainersStopped"] == 1)
        #expect(
            info["Swarm"]?["LocalNodeState"] == "inactive" && info["Plugins"]?["Network"] == ["bridge", "host", "null"])
        #expect(info["FirewallBackend"]?["Driver"] == "nftables" && info["RegistryConfig"] != nil)
        #expect(await engine.send("GET", "/v1.48/info").json?["FirewallBackend"] == nil)
        let version = try #require(await engine.send("GET", "/version").json)
        #expect(version["Platform"] == ["Name": "Fairlead"] && version["ApiVersion"] == "1.56")
        #expect(version["MinAPIVersion"] == "1.24" && version["Arch"] == "amd64" && version["Version"] == "0.1.0")
    }
}

extension JSONValue {
    var keys: [String] {
        guard case .object(let object) = self else { return [] }
        return object.members.map(\.key)
    }
}
