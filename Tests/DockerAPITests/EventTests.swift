import Engine
import HTTPMessage
import JSON
import NetworkModel
import Testing

@Suite struct EventTests {
    private let engine = FakeEngine()

    private func event(
        _ type: String, _ action: String, _ actor: String, _ attributes: [String: String] = [:],
        at time: Timestamp = moment()
    ) -> Event {
        Event(type: type, action: action, actor: actor, attributes: attributes, time: time)
    }

    private func lines(_ query: String, version: String = "", accept: String? = nil) async -> [JSONValue] {
        let answer = await engine.send("GET", "\(version)/events?\(query.percentEncodedQuery)", accept: accept)
        let text = await answer.stream?.readAll().text ?? ""
        return text.split(separator: "\n").compactMap { try? JSON.parse(String($0)) }
    }

    @Test func thePastIsToldAndEnds() async {
        engine.events.publish(event("network", "create", "n1", ["name": "front", "type": "bridge"], at: moment(1)))
        engine.events.publish(event("network", "destroy", "n1", at: moment(5)))
        let found = await lines("since=1795500000&until=1795500003.5")
        let expected: JSONValue = [
            "Type": "network", "Action": "create",
            "Actor": ["ID": "n1", "Attributes": ["name": "front", "type": "bridge"]], "scope": "local",
            "time": 1_795_500_001, "timeNano": 1_795_500_001_000_000_000,
        ]
        #expect(found == [expected])
        #expect(await lines("until=1795500003").isEmpty)
    }

    @Test func olderClientsGetOlderKeysForContainers() async {
        engine.events.publish(event("container", "start", "c1", ["image": "scratch", "name": "web"]))
        engine.events.publish(event("network", "connect", "n1"))
        let found = await lines("since=1&until=1795500100", version: "/v1.51")
        #expect(found.first?["status"] == "start" && found.first?["id"] == "c1" && found.first?["from"] == "scratch")
        #expect(found.last?["status"] == nil)
        #expect(await lines("since=1&until=1795500100").first?["status"] == nil)
    }

    @Test(
        arguments: [
            ("", nil, "application/jsonl"), ("", "*/*", "application/jsonl"),
            ("", "application/x-ndjson;q=1, text/html", "application/x-ndjson"),
            ("", "application/json-seq", "application/json-seq"),
            ("/v1.51", "application/json-seq", "application/json"),
        ] as [(String, String?, String)])
    func formats(version: String, accept: String?, type: String) async throws {
        engine.events.publish(event("network", "create", "n1"))
        let answer = await engine.send("GET", "\(version)/events?since=1&until=1795500100", accept: accept)
        #expect(answer.headers["Content-Type"] == type)
        let text = try #require(await answer.stream?.readAll().text)
        #expect(text.hasPrefix(type == "application/json-seq" ? "\u{1E}{" : "{"))
    }

    @Test func aFollowerHearsWhatComesUntilItGoes() async throws {
        engine.events.publish(event("network", "create", "n0"))
        let stream = try #require(await engine.send("GET", "/events").stream)
        engine.events.publish(event("network", "create", "n1"))
        let heard = await stream.readAll(within: .milliseconds(50))
        #expect(heard.text.contains("n1") && !heard.text.contains("n0") && !heard.ended)
        stream.markGone()
        engine.events.publish(event("network", "create", "n2"))
        #expect(!stream.write([1]))
    }

    @Test func untilThisSecondMeansUntilNow() async {
        engine.events.publish(event("network", "create", "n1", at: .now()))
        #expect(await lines("since=1&until=\(Timestamp.now().seconds)").count == 1)
        #expect(await lines("since=1&until=\(Timestamp.now().seconds - 5)").isEmpty)
    }

    @Test func momentsFarOffAreBounded() async throws {
        engine.events.publish(event("network", "create", "n1"))
        #expect(await lines("since=-99999999999999&until=1795500100").count == 1)
        #expect(await lines("until=-99999999999999").isEmpty)
        let stream = try #require(await engine.send("GET", "/events?since=1&until=99999999999999.5").stream)
        let heard = await stream.readAll(within: .milliseconds(50))
        #expect(heard.text.contains("n1") && !heard.ended)
        stream.markGone()
    }

    @Test func aStreamEndsAtItsTime() async throws {
        let until = Timestamp.now().nanoseconds + 100_000_000
        let stream = try #require(
            await engine.send(
                "GET", "/events?until=\(until / 1_000_000_000).\(String(until % 1_000_000_000).leftPadded(9))"
            ).stream)
        engine.events.publish(event("network", "create", "n1", at: .now()))
        let heard = await stream.readAll()
        #expect(heard.ended && heard.text.contains("n1"))
    }

    @Test(arguments: [
        ("{\"type\":[\"container\"]}", ["c1"]), ("{\"event\":[\"connect\"]}", ["n1"]),
        ("{\"container\":[\"we\"]}", ["c1"]), ("{\"network\":[\"front\"]}", ["n1"]), ("{\"network\":[\"n\"]}", ["n1"]),
        ("{\"label\":[\"k=v\"]}", ["c1"]), ("{\"image\":[\"scratch\"]}", ["c1"]),
        ("{\"whatever\":[\"x\"]}", ["c1", "n1"]),
        ("{\"scope\":[\"swarm\"]}", []), ("{\"type\":[\"container\",\"network\"]}", ["c1", "n1"]),
    ])
    func filters(filters: String, actors: [String]) async {
        engine.events.publish(event("container", "start", "c1", ["image": "scratch:1", "name": "web", "k": "v"]))
        engine.events.publish(event("network", "connect", "n1", ["name": "front"]))
        let found = await lines("since=1&until=1795500100&filters=\(filters)")
        #expect(found.map { $0["Actor"]?["ID"] } == actors.map { .string($0) })
    }

    @Test(arguments: [
        (
            "since=x",
            "invalid value for 'since': invalid timestamp \"x\": strconv.ParseInt: parsing \"x\": invalid syntax"
        ),
        (
            "until=1.y",
            "invalid value for 'until': invalid timestamp \"1.y\": strconv.ParseInt: parsing \"y\": invalid syntax"
        ),
        ("since=9&until=8", "`since` time (9) cannot be after `until` time (8)"), ("filters=x", "invalid filter"),
    ])
    func refusals(query: String, text: String) async {
        let answer = await engine.send("GET", "/events?" + query)
        #expect(answer.status == 400 && answer.message == text)
    }
}

extension String {
    fileprivate func leftPadded(_ width: Int) -> String { String(repeating: "0", count: max(0, width - count)) + self }
}
