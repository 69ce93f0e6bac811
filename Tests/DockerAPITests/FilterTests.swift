import JSON
import NetworkModel
import Testing

@Suite struct FilterTests {
    private let engine = FakeEngine()

    init() {
        engine.add(sampleNetwork("bridge", "1", created: moment(0)))
        engine.add(sampleNetwork("host", "2", driver: "host", created: moment(1), subnet: nil))
        engine.add(sampleNetwork("mybridge", "3", created: moment(2), labels: ["team": "a", "x": ""]))
        let used = sampleNetwork("used", "4", created: moment(3), labels: ["team": "b"])
        let web = engine.add(sampleContainer("web", "a", on: ["used"], created: moment(0), status: .running))
        engine.add(used, endpoints: [sampleEndpoint(of: web, on: used, address: "172.28.0.2/16")])
    }

    private func networks(_ filters: String) async -> [String]? {
        let answer = await engine.send("GET", "/networks?filters=\(filters.percentEncoded)")
        guard answer.status == 200, case .array(let elements) = answer.json else { return nil }
        return elements.compactMap { if case .string(let name) = $0["Name"] { name } else { nil } }
    }

    @Test(arguments: [
        ("", ["bridge", "host", "mybridge", "used"]), ("{}", ["bridge", "host", "mybridge", "used"]),
        ("{\"name\":{\"bridge\":true}}", ["bridge", "mybridge"]), ("{\"name\":[\"^bridge$\"]}", ["bridge"]),
        ("{\"name\":[\"bri(\"]}", []), ("{\"name\":[]}", ["bridge", "host", "mybridge", "used"]),
        ("{\"id\":[\"33\"]}", ["mybridge"]), ("{\"driver\":[\"host\"]}", ["host"]),
        ("{\"driver\":{\"host\":false}}", []), ("{\"label\":[\"team\"]}", ["mybridge", "used"]),
        ("{\"label\":[\"team=a\",\"x\"]}", ["mybridge"]), ("{\"label\":[\"team=a\",\"team=b\"]}", []),
        ("{\"scope\":[\"local\"]}", ["bridge", "host", "mybridge", "used"]), ("{\"scope\":[\"swarm\"]}", []),
        ("{\"type\":[\"custom\"]}", ["mybridge", "used"]), ("{\"type\":[\"builtin\"]}", ["bridge", "host"]),
        ("{\"dangling\":[\"true\"]}", ["mybridge"]), ("{\"dangling\":[\"0\"]}", ["bridge", "host", "used"]),
        ("{\"name\":{\"bridge\":true},\"label\":{\"team\":true}}", ["mybridge"]),
    ])
    func networkFilters(filters: String, names: [String]) async {
        #expect(await networks(filters) == names)
    }

    @Test(arguments: [
        ("nonsense", 400, "invalid filter"), ("[]", 400, "invalid filter"), ("{\"name\":\"x\"}", 400, "invalid filter"),
        ("{\"name\":{\"x\":true},\"id\":[\"y\"]}", 400, "invalid filter"),
        ("{\"nope\":[\"x\"]}", 400, "invalid filter 'nope'"),
        ("{\"dangling\":[\"0\",\"1\"]}", 400, "got more than one value for filter key \"dangling\""),
        (
            "{\"dangling\":[\"perhaps\"]}", 400,
            "invalid value for filter 'dangling', must be \"true\" (or \"1\"), or \"false\" (or \"0\")"
        ),
        ("{\"type\":[\"odd\"]}", 500, "invalid filter: 'type'='odd'"),
    ])
    func networkFilterRefusals(filters: String, status: Int, text: String) async {
        let answer = await engine.send("GET", "/networks?filters=\(filters.percentEncoded)")
        #expect(answer.status == status && answer.message == text)
    }

    @Test func aCostlyPatternIsAnsweredAllTheSame() async {
        engine.add(sampleNetwork(String(repeating: "a", count: 5000), "9"))
        let start = ContinuousClock.now
        #expect(await networks("{\"name\":[\"^(a+)+(a+)+$b\"]}") == [])
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test(arguments: [
        ("", ["web"]), ("all=1", ["old", "made", "web"]), ("all=false", ["web"]), ("limit=1", ["old"]),
        ("filters={\"status\":[\"exited\"]}", ["old"]), ("all=1&filters={\"name\":[\"/?we\"]}", ["web"]),
        ("all=1&filters={\"network\":[\"used\"]}", ["web"]), ("all=1&filters={\"network\":[\"us\"]}", []),
        ("all=1&filters={\"id\":[\"aaa\"]}", ["web"]), ("filters={\"before\":[\"old\"]}", ["made", "web"]),
        ("filters={\"since\":[\"web\"]}", ["old", "made"]), ("all=1&filters={\"exited\":[\"3\"]}", ["old"]),
        ("all=1&filters={\"label\":[\"k=v\"]}", ["made"]), ("all=1&filters={\"expose\":[\"80-90/tcp\"]}", ["made"]),
        ("all=1&filters={\"publish\":[\"80\"]}", []),
        ("all=1&filters={\"ancestor\":[\"scratch\"]}", ["old", "made", "web"]),
        ("all=1&filters={\"is-task\":[\"true\"]}", []), ("all=1&filters={\"health\":[\"healthy\"]}", []),
    ])
    func containerFilters(query: String, names: [String]) async {
        var made = sampleContainer("made", "b", created: moment(5))
        made.config.labels = ["k": "v"]
        made.config.exposedPorts = ["80/tcp"]
        engine.add(made)
        var old = sampleContainer("old", "c", created: moment(9), status: .exited)
        old.state.exitCode = 3
        engine.add(old)
        let answer = await engine.send("GET", "/containers/json?" + query.percentEncodedQuery)
        guard case .array(let elements) = answer.json else { return #expect(Bool(false), "\(answer.text)") }
        #expect(elements.map { $0["Names"] } == names.map { .array([.string("/" + $0)]) })
    }

    @Test(arguments: [
        ("filters={\"nope\":[\"x\"]}", 400, "invalid filter 'nope'"),
        (
            "filters={\"status\":[\"gone\"]}", 400,
            "invalid filter 'status=gone': invalid value for state (gone): must be one of created, running, paused, "
                + "restarting, removing, exited, dead"
        ),
        (
            "filters={\"exited\":[\"x\"]}", 400,
            "invalid filter 'exited=x': strconv.Atoi: parsing \"x\": invalid syntax"
        ),
        ("filters={\"before\":[\"nobody\"]}", 404, "No such container: nobody"),
        ("filters={\"publish\":[\"1:2\"]}", 400, "filter for 'publish' should not contain ':': 1:2"),
        ("limit=x", 400, "strconv.Atoi: parsing \"x\": invalid syntax"), ("a=%zz", 400, "invalid URL escape \"%zz\""),
        ("a;b", 400, "invalid semicolon separator in query"),
    ])
    func containerFilterRefusals(query: String, status: Int, text: String) async {
        let target = query.contains("{") ? query.percentEncodedQuery : query
        let answer = await engine.send("GET", "/containers/json?" + target)
        #expect(answer.status == status && answer.message == text)
    }

    @Test(arguments: [
        ("{}", ["bridge", "host", "mybridge", "used"]), ("{\"label\":[\"team\"]}", ["mybridge", "used"]),
        ("{\"label!\":[\"team\"]}", ["bridge", "host"]),
        ("{\"label!\":[\"team=a\",\"x\"]}", ["bridge", "host", "used"]),
        ("{\"until\":[\"1795500001\"]}", ["bridge", "host"]), ("{\"until\":[\"1795500001.5\"]}", ["bridge", "host"]),
        ("{\"until\":[\"2026-11-24T06:00:02Z\"]}", ["bridge", "host", "mybridge"]),
        ("{\"until\":[\"2026-11-24T08:00:01+02:00\"]}", ["bridge", "host"]), ("{\"until\":[\"2026-11-20Z\"]}", []),
        ("{\"until\":[\"2000000h\"]}", []),
    ])
    func pruneFilters(filters: String, names: [String]) async {
        let answer = await engine.send("POST", "/networks/prune?filters=\(filters.percentEncoded)")
        let expected: JSONValue = names.isEmpty ? .null : .array(names.map { .string($0) })
        #expect(answer.json?["NetworksDeleted"] == expected)
    }

    @Test(arguments: [
        ("{\"name\":[\"x\"]}", "invalid filter 'name'"), ("x", "invalid filter"),
        ("{\"until\":[\"1\",\"2\"]}", "more than one until filter specified"),
        ("{\"until\":[\"\"]}", "failed to parse value as time or duration: value is empty"),
        ("{\"until\":[\"soon\"]}", "failed to parse value as time or duration: \"soon\""),
    ])
    func pruneFilterRefusals(filters: String, text: String) async {
        let answer = await engine.send("POST", "/networks/prune?filters=\(filters.percentEncoded)")
        #expect(answer.status == 400 && answer.message == text)
    }
}

extension String {
    /// Every byte that is no letter or digit, escaped.
    var percentEncoded: String {
        utf8.map { byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
            return isPlain
                ? String(Unicode.Scalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    /// The values of a query's parameters escaped, `&` and the first `=` of each left.
    var percentEncodedQuery: String {
        split(separator: "&").map { part in
            let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
            return sides[0] + "=" + (sides.count == 2 ? sides[1].percentEncoded : "")
        }.joined(separator: "&")
    }
}
