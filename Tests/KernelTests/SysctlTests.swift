import Dataplane
import Glibc
import Testing

@testable import Kernel

extension LinkTests {
    @Suite(.serialized, .ownNamespaces) struct SysctlTests {
        private let threads: BlockingThreads

        init() throws { threads = try BlockingThreads(name: "test", count: 2) }

        @Test func eachNamespaceHasItsOwn() async throws {
            try await withDirectory { directory in
                let pin = NamespacePin(path: "\(directory)/one")
                let path = "net/ipv4/conf/default/rp_filter"
                let there = SysctlID(path, in: .path(pin.path))
                let before = contents(of: "/proc/sys/\(path)")
                try await threads.run {
                    try NamespaceHandle.create(pin)
                    try Sysctl.write(there, value: "2")
                }
                #expect(try await threads.run { try Sysctl.read(there) } == "2")
                #expect(try Oracle.run(["sysctl", "-n", path], pin.path) == "2\n")
                #expect(contents(of: "/proc/sys/\(path)") == before)
                #expect(before != "2\n")
                #expect(try await threads.run { try Sysctl.read(SysctlID(path)) } + "\n" == before)
            }
        }

        @Test func anInterfaceNameMayHaveDots() async throws {
            try await withDirectory { directory in
                let pin = NamespacePin(path: "\(directory)/one")
                try await threads.run { try NamespaceHandle.create(pin) }
                try Oracle.ip("link add a.b.c type bridge", in: pin.path)
                let id = SysctlID("net/ipv6/conf/a.b.c/disable_ipv6", in: .path(pin.path))
                try await threads.run { try Sysctl.write(id, value: "1") }
                #expect(try Oracle.run(["cat", "/proc/sys/\(id.path)"], pin.path) == "1\n")
            }
        }

        @Test(arguments: [
            ("net/ipv4/no_such", ENOENT), ("net/../kernel/ostype", ENOENT), ("/kernel/ostype", ENOENT), ("", ENOENT),
            ("net/ipv4", EISDIR),
        ]) func whatIsNoSysctlIsRefused(path: String, code: Int32) async throws {
            let before = openDescriptors()
            let error = await #expect(throws: SystemCallError.self) {
                try await threads.run { () throws(SystemCallError) in _ = try Sysctl.read(path) }
            }
            #expect(error?.errno == code)
            #expect(openDescriptors() == before)
        }

        @Test func theKernelsRefusalsComeThrough() async throws {
            let path = "net/ipv4/conf/default/rp_filter"
            await #expect(throws: SystemCallError("write", "/proc/sys/\(path)", errno: EINVAL)) {
                try await threads.run { () throws(SystemCallError) in try Sysctl.write("many", to: path) }
            }
            _ = try Oracle.run(["mount", "--bind", "-o", "ro", "/proc/sys", "/proc/sys"])
            defer { umount2("/proc/sys", Int32(MNT_DETACH)) }
            let error = await #expect(throws: SystemCallError.self) {
                try await threads.run { () throws(SystemCallError) in try Sysctl.write("1", to: path) }
            }
            #expect(error?.reason == "read-only file system")
            #expect(error?.subject == "/proc/sys/\(path)")
        }
    }
}
