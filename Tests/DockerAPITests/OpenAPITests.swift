import DockerAPI
import Testing

@Suite struct OpenAPITests {
    @Test func everyRouteIsInTheDocumentAndNoOther() throws {
        let documented = try OpenAPIDocument().operations.filter { !$0.contains(" /fairlead/") }
        let served = Set(
            DockerAPI.routes.filter { $0.method != "OPTIONS" }.map {
                $0.method + " " + $0.pattern.replacing("+}", with: "}")
            })
        #expect(served.subtracting(documented).sorted() == [])
        #expect(documented.subtracting(served).sorted() == [])
        #expect(documented.count > 100)
    }

    @Test func noRouteIsHiddenByAnEarlierOne() async {
        let engine = FakeEngine()
        for route in DockerAPI.routes {
            let path = route.pattern.replacing("{id+}", with: "x").replacing("{id}", with: "x")
                .replacing("{name}", with: "x").replacing("{any}", with: "/x")
            let answer = await engine.send(route.method, path, json: route.method == "POST" ? "{}" : nil)
            #expect(answer.message != "page not found", "\(route)")
        }
    }
}
