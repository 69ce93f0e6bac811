import Dataplane
import Glibc
import Testing

@testable import Kernel

extension LinkTests {
    @Suite(.serialized, .ownNamespaces) struct NamespaceHandleTests {
        private let threads: BlockingThreads

        init() throws { threads = try BlockingThreads(name: "test", count: 2) }

        private func identity(of path: String) async throws -> NamespaceIdentity {
            try await threads.run { try NamespaceHandle(.path(path)).identity() }
        }

        @Test func aPinIsANamespaceWithALoopbackThatIsDown() async throws {
            try await withDirectory { directory in
                let pin = NamespacePin(path: "\(directory)/netns/one")
                try await threads.run { try NamespaceHandle.create(pin) }
                let links = try Oracle.links(in: pin.path)
                #expect(links.keys.sorted() == ["lo"])
                #expect(links["lo"]?.isUp == false)
                #expect(try Oracle.run(["stat", "-c", "%a", "\(directory)/netns"]) == "755\n")
                #expect(try Oracle.run(["stat", "-f", "-c", "%t", pin.path]) == "6e736673\n")
                #expect(try await threads.run { try NamespaceHandle.pins(in: "\(directory)/netns") } == [pin])

                try await threads.run { try NamespaceHandle.remove(pin) }
                #expect(access(pin.path, F_OK) != 0)
                #expect(!contents(of: "/proc/self/mountinfo").contains(pin.path))
                try await threads.run { try NamespaceHandle.remove(pin) }
            }
        }

        @Test func creatingTwiceIsRefusedAndHarmless() async throws {
            try await withDirectory { directory in
                let pin = NamespacePin(path: "\(directory)/one")
                try await threads.run { try NamespaceHandle.create(pin) }
                let before = try await identity(of: pin.path)
                await #expect(throws: NamespaceError.system(SystemCallError("mount", pin.path, errno: EEXIST))) {
                    try await threads.run { () throws(NamespaceError) in try NamespaceHandle.create(pin) }
                }
                #expect(try await identity(of: pin.path) == before)
            }
        }

        @Test func aCreationThatFailsLeavesNothing() async throws {
            try await withDirectory { directory in
                // No mount can be made on a symbolic link that leads nowhere, nor opened.
                let pin = NamespacePin(path: "\(directory)/link")
                symlink("/nowhere/at/all", pin.path)
                let before = openDescriptors()
                await #expect(throws: NamespaceError.self) { try await threads.run { try NamespaceHandle.create(pin) } }
                #expect(openDescriptors() == before)
                #expect(linkTarget(pin.path) == "/nowhere/at/all")
            }
        }

        @Test func identityOutlivesTheHandleAndIsNeverReused() async throws {
            try await withDirectory { directory in
                var seen: Set<NamespaceIdentity> = []
                for _ in 0..<5 {
                    let pin = NamespacePin(path: "\(directory)/one")
                    try await threads.run { try NamespaceHandle.create(pin) }
                    let first = try await identity(of: pin.path)
                    #expect(try await identity(of: pin.path) == first)
                    #expect(NamespaceIdentity(first.description) == first)
                    #expect(seen.insert(first).inserted)
                    try await threads.run { try NamespaceHandle.remove(pin) }
                }
                let own = try await threads.run { try NamespaceHandle(.daemon).identity() }
                #expect(try await identity(of: "/proc/self/ns/net") == own)
                #expect(
                    own.description.hasPrefix(contents(of: "/proc/sys/kernel/random/boot_id").dropLast() + "/cookie:"))
                #expect(NamespaceIdentity("no slash") == nil)
            }
        }

        @Test func enteringComesBackAndSocketsStay() async throws {
            try await withDirectory { directory in
                let pin = NamespacePin(path: "\(directory)/one")
                let before = openDescriptors()
                let (outside, inside, after) = try await threads.run {
                    try NamespaceHandle.create(pin)
                    let outside = linkTarget("/proc/thread-self/ns/net")
                    let handle = try NamespaceHandle(.path(pin.path))
                    let inside = try handle.withEntered { linkTarget("/proc/thread-self/ns/net") }
                    do {
                        try handle.withEntered { throw SystemCallError("body", "", errno: 1) }
                    } catch is SystemCallError {}
                    return (outside, inside, linkTarget("/proc/thread-self/ns/net"))
                }
                #expect(outside == linkTarget("/proc/self/ns/net"))
                #expect(inside == "net:[\(try Oracle.run(["stat", "-L", "-c", "%i", pin.path]).dropLast())]")
                #expect(after == outside)
                #expect(openDescriptors() == before)
            }
        }

        @Test func whatIsNoNetworkNamespaceIsRefusedUntouched() async throws {
            try await withDirectory { directory in
                let pipe = "\(directory)/pipe"
                mkfifo(pipe, 0o600)
                let before = openDescriptors()
                for path in ["/etc/hostname", "/proc/self/ns/mnt", "/dev/null", directory, pipe] {
                    await #expect(throws: NamespaceError.notANamespace(path: path)) {
                        try await threads.run { () throws(NamespaceError) in _ = try NamespaceHandle(.path(path)) }
                    }
                }
                await #expect(throws: NamespaceError.system(SystemCallError("open", "/no/such", errno: ENOENT))) {
                    try await threads.run { () throws(NamespaceError) in _ = try NamespaceHandle(.path("/no/such")) }
                }
                #expect("\(NamespaceError.notANamespace(path: "/x"))" == "/x is not a network namespace")
                #expect(
                    "\(SystemCallError("open", "/no/such", errno: ENOENT))"
                        == "open /no/such: no such file or directory")
                #expect(openDescriptors() == before)
            }
        }

        @Test func restsAreUsedOrClearedAndForeignFilesKept() async throws {
            try await withDirectory { directory in
                _ = try Oracle.run(["sh", "-c", "cd \(directory); touch rest used; echo mine > foreign; mkdir sub"])
                let foreign = NamespacePin(path: "\(directory)/foreign")
                let used = NamespacePin(path: "\(directory)/used")
                try await threads.run { try NamespaceHandle.create(used) }
                await #expect(throws: NamespaceError.self) {
                    try await threads.run { try NamespaceHandle.remove(foreign) }
                }
                #expect(try await threads.run { try NamespaceHandle.pins(in: directory) } == [used])
                #expect(
                    try await threads.run { try NamespaceHandle.clearRests(in: directory) } == ["\(directory)/rest"])
                #expect(try Oracle.run(["ls", directory]) == "foreign\nsub\nused\n")
                #expect(contents(of: foreign.path) == "mine\n")
                #expect(try await threads.run { try NamespaceHandle.pins(in: "\(directory)/none") } == [])
            }
        }

        /// A mount namespace made while the pin was there has a copy of it, which would keep the namespace alive.
        @Test func removalTakesAlongCopiesInOtherMountNamespaces() async throws {
            try await withDirectory { directory in
                let pin = NamespacePin(path: "\(directory)/one")
                try await threads.run { try NamespaceHandle.create(pin) }
                let other = try Sleeper(["unshare", "--mount", "--propagation", "private"])
                defer { other.end() }
                #expect(contents(of: "/proc/\(other.pid)/mountinfo").contains(pin.path))
                try await threads.run { try NamespaceHandle.remove(pin) }
                #expect(!contents(of: "/proc/\(other.pid)/mountinfo").contains(pin.path))
            }
        }
    }
}
