import FairleadAPI
import Testing

@Suite struct FairleadRoutesTests {
    @Test func fairleadsOwnRoutesAreInTheDocument() throws {
        let documented = try OpenAPIDocument().operations.filter { $0.contains(" /fairlead/") }
        let served = [
            FairleadAPI.planPath, FairleadAPI.metricsPath,
            FairleadAPI.namespacePath(of: "x").replacing("/x/", with: "/{name}/"),
        ]
        #expect(documented == Set(served.map { "GET " + $0 }))
    }
}
