import Addressing
import JSON
import NetworkModel
import Testing

@Suite struct BodyTests {
    private let engine = FakeEngine()

    private func create(_ json: String?, type: String? = "application/json", version: String = "") async -> Answer {
        await engine.send("POST", "\(version)/networks/create", json: json, type: type)
    }

    @Test(
        arguments: [
            ("{}", "text/plain", "unsupported Content-Type header (text/plain): must be 'application/json'"),
            ("{}", "foo;;;bar", "malformed Content-Type header (foo;;;bar): mime: invalid media parameter"),
            ("{}", nil, "malformed Content-Type header (): mime: no media type"),
            ("{", "application/json", "invalid JSON: unexpected EOF"),
            (
                "{i}", "application/json",
                "invalid JSON: invalid character 'i' looking for beginning of object key string"
            ),
            ("{} {}", "application/json", "unexpected content after JSON"),
            (
                "{\"Name\":5}", "application/json",
                "invalid JSON: json: cannot unmarshal number into Go struct field CreateRequest.Name of type string"
            ),
            (
                "{\"IPAM\":{\"Config\":[{\"Subnet\":\"10.0.0.0\"}]}}", "application/json",
                "invalid JSON: netip.ParsePrefix(\"10.0.0.0\"): no '/'"
            ),
            (
                "{\"IPAM\":{\"Config\":[{\"Subnet\":\"10.0.0.0/65\"}]}}", "application/json",
                "invalid JSON: netip.ParsePrefix(\"10.0.0.0/65\"): prefix length out of range"
            ),
            (
                "{\"IPAM\":{\"Config\":[{\"Gateway\":\"foo\"}]}}", "application/json",
                "invalid JSON: ParseAddr(\"foo\"): unable to parse IP"
            ),
        ] as [(String, String?, String)])
    func refusals(json: String, type: String?, text: String) async {
        let answer = await create(json, type: type)
        #expect(answer.status == 400 && answer.message == text)
        #expect(engine.seen.actions.isEmpty)
    }

    @Test func noBodyIsAnAllZeroRequest() async throws {
        #expect(await create(nil).status == 201)
        let request = try #require(engine.seen.networkRequests.first)
        #expect(request == NetworkRequest(name: ""))
    }

    @Test func charsetsAndStrayBracesPass() async {
        #expect(await create("{\"Name\":\"n\"}\n ", type: "Application/JSON; charset=utf-8").status == 201)
        #expect(await create("{\"Name\":\"n\"}}", type: "application/json").status == 201)
    }

    @Test func keysMatchWithoutCaseAndUnknownOnesDoNotMatter() async throws {
        let json = """
            {"name":"a","NAME":"b","CheckDuplicate":true,"driver":null,"Internal":true,"EnableIPv6":true,
             "EnableIPv4":false,"Labels":{"x":"y"},"Options":null,"ConfigFrom":{"Network":"c"},
             "IPAM":{"Driver":"default","Options":{},"Config":[{"Subnet":"10.1.0.0/16","IPRange":"","Gateway":null,
             "AuxiliaryAddresses":{"a":"10.1.0.9","b":""}}]}}
            """
        #expect(await create(json).status == 201)
        let request = try #require(engine.seen.networkRequests.first)
        #expect(request.name == "b" && request.driver == "" && request.isInternal && request.enableIPv6 == true)
        #expect(request.enableIPv4 == false && request.configFrom == "c" && request.labels == ["x": "y"])
        let ipam = try #require(request.ipam)
        #expect(ipam.options == [:] && ipam.config.count == 1)
        let expected = IPAMConfig(
            subnet: IPPrefix("10.1.0.0/16"), auxiliaryAddresses: ["a": try #require(IPAddress("10.1.0.9"))])
        #expect(ipam.config == [expected])
    }

    @Test func enableIPv4CountsFrom148() async {
        _ = await create("{\"Name\":\"n\",\"EnableIPv4\":false}", version: "/v1.47")
        _ = await create("{\"Name\":\"n\",\"EnableIPv4\":false}", version: "/v1.48")
        #expect(engine.seen.networkRequests.map(\.enableIPv4) == [nil, false])
    }

    @Test func createAnswersIdAndWarning() async {
        let answer = await create("{\"Name\":\"n\"}")
        #expect(answer.json?["Warning"] == "")
        guard case .string(let text) = answer.json?["Id"] else { return #expect(Bool(false), "no Id") }
        #expect(ObjectID(text) != nil)
    }

    @Test func connectReadsEndpointSettings() async throws {
        let json = """
            {"Container":"app","EndpointConfig":{"IPAMConfig":{"IPv4Address":"172.28.0.9","LinkLocalIPs":["169.254.1.1"]},
             "Aliases":["db"],"Links":null,"MacAddress":"02-00-00-00-00-01","DriverOpts":{"a":"b"},"GwPriority":-3,
             "Gateway":"","IPPrefixLen":0,"NetworkID":"n1"}}
            """
        let answer = await engine.send("POST", "/networks/back/connect", json: json)
        #expect(answer.status == 200 && answer.body.isEmpty && answer.headers["Content-Type"] == nil)
        let old = await engine.send("POST", "/v1.53/networks/back/connect", json: json)
        #expect(old.status == 200)
        let settings = engine.seen.endpointSettings
        let expected = EndpointSettings(
            ipam: EndpointSettings.IPAM(
                ipv4: IPAddress("172.28.0.9"), linkLocal: [IPAddress("169.254.1.1")].compactMap { $0 }),
            aliases: ["db"], driverOptions: ["a": "b"], gatewayPriority: -3, mac: MACAddress("02:00:00:00:00:01"),
            networkID: "n1")
        #expect(settings.first == expected)
        #expect(settings.last??.mac == nil && settings.last??.aliases == ["db"])
        #expect(engine.seen.actions == ["connect app to back", "connect app to back"])
    }

    @Test func aBadMACIsAJSONError() async {
        let answer = await engine.send(
            "POST", "/networks/back/connect", json: "{\"EndpointConfig\":{\"MacAddress\":\"xx:xx\"}}")
        #expect(answer.status == 400 && answer.message == "invalid JSON: address xx:xx: invalid MAC address")
    }

    @Test func disconnectAndRemove() async {
        #expect(
            await engine.send("POST", "/networks/n/disconnect", json: "{\"Container\":\"c\",\"Force\":true}").status
                == 200)
        let removal = await engine.send("DELETE", "/networks/n")
        #expect(removal.status == 204 && removal.body.isEmpty)
        #expect(engine.seen.actions == ["disconnect c from n by force", "remove network n"])
    }
}
