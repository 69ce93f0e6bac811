import Dataplane
import Glibc
import Kernel
import NetworkModel
import Testing

@testable import Runtime

extension LinkTests {
    @Suite(.serialized, .ownNamespaces) struct AdoptionTests {
        private let threads: BlockingThreads

        init() throws { threads = try BlockingThreads(name: "test", count: 2) }

        private func adopt(_ text: String) async throws(AdoptionError) -> Adoption {
            try await threads.run { () throws(AdoptionError) in try Adoption(text) }
        }

        private func refusal(_ text: String) async -> String {
            do { return "adopted \(try await adopt(text))" } catch { return error.description }
        }

        @Test(arguments: [
            "", "pid:", "pid:0", "pid:-1", "pid:+1", "pid:1x", "pid:99999999999", "relative/path", "12", "/a\0b",
        ])
        func malformedRequestsAreNamed(text: String) {
            #expect(throws: AdoptionError.malformed(text)) { try Adoption.parse(text) }
        }

        @Test func theTwoFormsAreUnderstood() throws {
            #expect(try Adoption.parse("pid:4711") == .process(4711))
            #expect(try Adoption.parse("/run/netns/blue") == .path("/run/netns/blue"))
            #expect(
                AdoptionError.malformed("blue").description
                    == "invalid network namespace \"blue\": must be an absolute path or pid:<number>")
        }

        @Test func pathAndProcessLeadToTheSameNamespace() async throws {
            try await withDirectory { directory in
                let pin = "\(directory)/blue"
                try await threads.run { try NamespaceHandle.create(NamespacePin(path: pin)) }
                let sleeper = try Sleeper(["nsenter", "--net=\(pin)"])
                defer { sleeper.end() }
                let before = openDescriptors()
                let byPath = try await adopt(pin)
                let byProcess = try await adopt("pid:\(sleeper.pid)")
                #expect(byPath.identity == byProcess.identity)
                #expect(byPath.path == pin)
                #expect(byPath.pid == 0)
                #expect(byProcess.path == "/proc/\(sleeper.pid)/ns/net")
                #expect(byProcess.pid == sleeper.pid)
                #expect(openDescriptors() == before)
                // What is handed out as the path is the namespace.
                #expect(try Oracle.links(in: byProcess.path).keys.sorted() == ["lo"])
            }
        }

        @Test func refusalsSayWhatIsWrong() async throws {
            try await withDirectory { directory in
                let before = openDescriptors()
                #expect(await refusal("/no/such") == "cannot adopt /no/such: no such file or directory")
                #expect(await refusal("/etc/hostname") == "cannot adopt /etc/hostname: not a network namespace")
                #expect(await refusal("/proc/self/ns/uts") == "cannot adopt /proc/self/ns/uts: not a network namespace")
                let own = "it is the daemon's own network namespace"
                #expect(await refusal("/proc/self/ns/net") == "cannot adopt /proc/self/ns/net: \(own)")
                #expect(await refusal("pid:\(getpid())") == "cannot adopt pid:\(getpid()): \(own)")
                // A plain process shares ours; so does another path to it.
                _ = try Oracle.run(["sh", "-c", "touch \(directory)/x; mount --bind /proc/self/ns/net \(directory)/x"])
                #expect(await refusal("\(directory)/x") == "cannot adopt \(directory)/x: \(own)")
                #expect(openDescriptors() == before)
            }
        }

        @Test func anotherNamespaceBehindAnAdoptedPathIsNotEntered() async throws {
            try await withDirectory { directory in
                let pin = NamespacePin(path: "\(directory)/blue")
                try await threads.run { try NamespaceHandle.create(pin) }
                let identity = try await adopt(pin.path).identity.description
                let namespace = Namespace.adopted(path: pin.path, identity: identity)
                let before = openDescriptors()
                try await threads.run { try NamespaceHandle.within(namespace) {} }
                try await threads.run {
                    try NamespaceHandle.remove(pin)
                    try NamespaceHandle.create(pin)
                }
                await #expect(throws: NamespaceError.replaced(path: pin.path)) {
                    try await threads.run { try NamespaceHandle.within(namespace) {} }
                }
                #expect(openDescriptors() == before)
            }
        }

        @Test func aProcessThatHasEndedIsNoWitness() async throws {
            let sleeper = try Sleeper(["unshare", "--net"])
            sleeper.end(reaped: false)
            // Not waited for: a zombie, whose directory is still there.
            #expect(try await eventually { contents(of: "/proc/\(sleeper.pid)/stat").contains(") Z ") })
            #expect(await refusal("pid:\(sleeper.pid)") == "cannot adopt pid:\(sleeper.pid): no such process")
            sleeper.reap()
            #expect(await refusal("pid:\(sleeper.pid)") == "cannot adopt pid:\(sleeper.pid): no such process")
        }

        @Test func sandboxesArePinnedByTheContainersShortID() async throws {
            try await withDirectory { root in
                let directory = SandboxDirectory(execRoot: root + "/")
                let container = ObjectID.random()
                let sandbox = directory.sandbox(for: container)
                #expect(sandbox.path == "\(root)/netns/\(container.short)")
                #expect(sandbox.id != container)
                #expect(directory.pin(of: container) == NamespacePin(path: sandbox.path))
                #expect(SandboxDirectory(execRoot: "/").path == "/netns")

                #expect(try await threads.run { try directory.pins() } == [])
                try await threads.run {
                    try NamespaceHandle.create(directory.pin(of: container))
                    try NamespaceHandle.create(NamespacePin(path: "\(directory.path)/foreign"))
                }
                #expect(try await threads.run { try directory.pins() } == [directory.pin(of: container)])
                #expect(directory.container(of: directory.pin(of: container)) == container.short)
                #expect(directory.container(of: NamespacePin(path: "/elsewhere/0123456789ab")) == nil)
            }
        }
    }
}
