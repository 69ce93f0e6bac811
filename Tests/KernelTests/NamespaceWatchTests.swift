import Dataplane
import Glibc
import Testing

@testable import Kernel

extension LinkTests {
    @Suite(.serialized, .ownNamespaces) struct NamespaceWatchTests {
        private let threads: BlockingThreads
        private let told = Shared<[String]>([])

        init() throws { threads = try BlockingThreads(name: "test", count: 2) }

        private func create(_ path: String) async throws -> NamespaceIdentity {
            try await threads.run {
                try NamespaceHandle.create(NamespacePin(path: path))
                return try NamespaceHandle(.path(path)).identity()
            }
        }

        private func remove(_ path: String) async throws {
            try await threads.run { try NamespaceHandle.remove(NamespacePin(path: path)) }
        }

        private func note(_ id: String) { told.change { $0.append(id) } }

        private func isTold(_ ids: [String]) async throws -> Bool { try await eventually { told.value == ids } }

        /// Nothing more comes in a while in which what is to come has come elsewhere.
        private func staysTold(_ ids: [String]) async throws -> Bool {
            try await Task.sleep(for: .milliseconds(300))
            return told.value == ids
        }

        @Test func aPinThatGoesIsToldOnceAndOthersAreNot() async throws {
            try await withDirectory { directory in
                let watch = try NamespaceWatch()
                for name in ["a", "b"] {
                    let path = "\(directory)/\(name)"
                    try watch.watch(name, witness: .path(path), identity: try await create(path), onGone: note)
                }
                #expect(try await staysTold([]))
                try await remove("\(directory)/a")
                #expect(try await isTold(["a"]))
                #expect(try await staysTold(["a"]))
            }
        }

        @Test func onlyAMountOfItsOwnTellsNamespacesApart() async throws {
            try await withDirectory { directory in
                _ = try await create("\(directory)/a")
                _ = try Oracle.run(["ln", "-s", "/proc/self/ns/net", "\(directory)/b"])
                #expect(Place("\(directory)/a")?.isUnambiguous == true)
                #expect(Place("\(directory)/b")?.isUnambiguous == false)
            }
        }

        @Test func whateverIsBelowAProcessEndsWithIt() {
            #expect(NamespaceWitness.path("/proc/7/ns/net").process == 7)
            #expect(NamespaceWitness.path("/proc/7/root/run/netns/a").process == 7)
            #expect(NamespaceWitness.path("/proc/self/root/run/netns/a").process == nil)
            #expect(NamespaceWitness.path("/run/netns/proc/7/a").process == nil)
        }

        @Test func anUnmountWithoutUnlinkIsEnough() async throws {
            try await withDirectory { directory in
                let watch = try NamespaceWatch()
                let path = "\(directory)/a"
                try watch.watch("a", witness: .path(path), identity: try await create(path), onGone: note)
                #expect(try await staysTold([]))
                _ = try Oracle.run(["umount", path])
                #expect(try await isTold(["a"]))
            }
        }

        @Test func anotherNamespaceBehindThePathIsTold() async throws {
            try await withDirectory { directory in
                let watch = try NamespaceWatch()
                let path = "\(directory)/a"
                try watch.watch("a", witness: .path(path), identity: try await create(path), onGone: note)
                #expect(try await staysTold([]))
                _ = try await create("\(directory)/b")
                _ = try Oracle.run(["mount", "--bind", "\(directory)/b", path])
                #expect(try await isTold(["a"]))
                _ = try Oracle.run(["umount", path])
            }
        }

        /// Within one look of the watch, so that only the mount's number differs: the inode is likely the same.
        @Test func oneThatWasMadeAnewAtOnceIsTold() async throws {
            try await withDirectory { directory in
                let watch = try NamespaceWatch()
                let path = "\(directory)/a"
                for round in 0..<5 {
                    try watch.watch("\(round)", witness: .path(path), identity: try await create(path), onGone: note)
                    #expect(try await staysTold((0..<round).map(String.init)))
                    _ = try await threads.run {
                        try NamespaceHandle.remove(NamespacePin(path: path))
                        try NamespaceHandle.create(NamespacePin(path: path))
                    }
                    #expect(try await isTold((0...round).map(String.init)))
                    try await remove(path)
                }
            }
        }

        @Test func theSameNamespaceMountedAnewIsNotGone() async throws {
            try await withDirectory { directory in
                let watch = try NamespaceWatch()
                let path = "\(directory)/a"
                try watch.watch("a", witness: .path(path), identity: try await create(path), onGone: note)
                #expect(try await staysTold([]))
                _ = try Oracle.run(["mount", "--bind", path, path])
                #expect(try await staysTold([]))
                _ = try Oracle.run(["umount", path])
                #expect(try await staysTold([]))
                try await remove(path)
                #expect(try await isTold(["a"]))
            }
        }

        @Test(arguments: [true, false]) func aProcessThatEndsIsTold(reaped: Bool) async throws {
            let sleeper = try Sleeper(["unshare", "--net"])
            let watch = try NamespaceWatch()
            let witness = NamespaceWitness.process(sleeper.pid)
            let identity = try await threads.run { try NamespaceHandle(witness.namespace).identity() }
            try watch.watch("p", witness: witness, identity: identity, onGone: note)
            // Its path says the same of it as its number.
            try watch.watch("path", witness: .path(witness.path), identity: identity, onGone: note)
            #expect(try await staysTold([]))
            sleeper.end(reaped: reaped)
            #expect(try await eventually { told.value.sorted() == ["p", "path"] })
            if !reaped { sleeper.reap() }
        }

        @Test func whatIsGoneAlreadyIsToldAtOnce() async throws {
            try await withDirectory { directory in
                let sleeper = try Sleeper(["unshare", "--net"])
                let witness = NamespaceWitness.process(sleeper.pid)
                let identity = try await threads.run { try NamespaceHandle(witness.namespace).identity() }
                sleeper.end()
                let watch = try NamespaceWatch()
                try watch.watch("p", witness: witness, identity: identity, onGone: note)
                #expect(try await isTold(["p"]))
                try watch.watch("q", witness: .path("\(directory)/none"), identity: identity, onGone: note)
                #expect(try await isTold(["p", "q"]))
                // Another process under that number, in another namespace.
                try watch.watch("r", witness: .process(getpid()), identity: identity, onGone: note)
                #expect(try await isTold(["p", "q", "r"]))
            }
        }

        @Test func afterUnwatchNothingIsTold() async throws {
            try await withDirectory { directory in
                let watch = try NamespaceWatch()
                let path = "\(directory)/a"
                let identity = try await create(path)
                try watch.watch("a", witness: .path(path), identity: identity, onGone: note)
                watch.unwatch("a")
                watch.unwatch("never watched")
                try watch.watch("b", witness: .path(path), identity: identity) { [told] _ in
                    told.change { $0.append("replaced") }
                }
                try watch.watch("b", witness: .path(path), identity: identity, onGone: note)
                try await remove(path)
                #expect(try await isTold(["b"]))
                #expect(try await staysTold(["b"]))
            }
        }

        /// When a namespace ends, the kernel deletes what is in it, and with a veth's one end the other.
        @Test func watchingKeepsNoNamespaceAlive() async throws {
            try await withDirectory { directory in
                let watch = try NamespaceWatch()
                let path = "\(directory)/a"
                try watch.watch("a", witness: .path(path), identity: try await create(path), onGone: note)
                try Oracle.ip("link add watched type veth peer name eth0 netns \(path)")
                #expect(try Oracle.links()["watched"] != nil)
                #expect(try await staysTold([]))
                try await remove(path)
                #expect(try await eventually { try Oracle.links()["watched"] == nil })
            }
        }

        @Test func descriptorsAndThreadGoWithTheWatch() async throws {
            try await withDirectory { directory in
                let path = "\(directory)/a"
                let identity = try await create(path)
                let sleeper = try Sleeper(["unshare", "--net"])
                defer { sleeper.end() }
                let witness = NamespaceWitness.process(sleeper.pid)
                let other = try await threads.run { try NamespaceHandle(witness.namespace).identity() }
                let before = openDescriptors()
                do {
                    let watch = try NamespaceWatch()
                    let idle = openDescriptors()
                    try watch.watch("p", witness: witness, identity: other, onGone: note)
                    try watch.watch("a", witness: .path(path), identity: identity, onGone: note)
                    #expect(try await eventually { openDescriptors() == idle + 1 })
                    watch.unwatch("p")
                    #expect(try await eventually { openDescriptors() == idle })
                    try watch.watch("p", witness: witness, identity: other, onGone: note)
                }
                #expect(try await eventually { openDescriptors() == before })
                #expect(told.value == [])
            }
        }
    }
}
