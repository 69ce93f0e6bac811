import FairleadAPI
import Glibc
import Kernel
import Supervision
import Testing

@testable import fairlead

struct DaemonTests {
    @Test func aPIDFileHasOneOwner() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/pid"
        let first = try PIDFile(path: path)
        #expect(try TextFile.read(path) == Array("\(getpid())\n".utf8))
        let error = #expect(throws: StartFailure.self) { try PIDFile(path: path) }
        #expect(
            error?.message
                == "failed to start daemon, ensure it is not running or delete \(path): process with PID \(getpid()) is still running"
        )
        first.remove()
        #expect(try TextFile.read(path) == nil)
    }

    /// The number of a process that is gone, or of another program, doesn't matter.
    @Test(arguments: ["2147483646", "1", "rubbish", ""])
    func aStalePIDFileIsTaken(_ contents: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("pid", contents)
        let file = try PIDFile(path: path)
        #expect(try TextFile.read(path) == Array("\(getpid())\n".utf8))
        file.remove()
    }

    @Test func aNamespaceHasOneDaemon() throws {
        let first = try NamespaceClaim()
        let error = #expect(throws: StartFailure.self) { try NamespaceClaim() }
        #expect(error?.message.hasPrefix("another Fairlead daemon runs in this network namespace: ") == true)
        first.release()
        try NamespaceClaim().release()
    }

    @Test func hostSettingsAreChosenOnce() async throws {
        let first = try await HostSettings([:]) { LinkGroups(owned: 70_000, doomed: 70_001) }
        #expect(first.new == ["host.id": first.id, "links.owned": "70000", "links.doomed": "70001"])
        let uuid = first.id.split(separator: "-").map(\.count)
        #expect(uuid == [8, 4, 4, 4, 12])
        #expect(Array(first.id)[14] == "4" && "89ab".contains(Array(first.id)[19]))
        let second = try await HostSettings(first.new) { throw TestFailure("groups are chosen again") }
        #expect(second.new.isEmpty && second.id == first.id && second.groups == first.groups)
    }

    @Test func systemdIsTold() throws {
        let folder = try TemporaryFolder()
        for path in [folder.path + "/notify", "@fairlead-test-\(getpid())"] {
            let receiver = try NotifyReceiver(path)
            let notifier = ServiceNotifier(path: path)
            notifier.tell(.ready)
            #expect(receiver.next() == "READY=1")
            notifier.tell(.reloading)
            #expect(receiver.next()?.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") == true)
            notifier.tell(.stopping)
            #expect(receiver.next() == "STOPPING=1")
        }
        // Nobody there: nothing happens.
        ServiceNotifier(path: folder.path + "/nobody").tell(.ready)
        ServiceNotifier(path: nil).tell(.ready)
    }

    @Test func descriptorsArePutAwayByName() throws {
        let folder = try TemporaryFolder()
        let receiver = try NotifyReceiver(folder.path + "/notify")
        let notifier = ServiceNotifier(path: folder.path + "/notify")
        let kept = [dup(1), dup(1), dup(1)]
        let store = DescriptorStore(
            passed: [
                ("held-api-unix_///s", kept[0]), ("fairlead.socket", 1), ("held-stale", kept[1]),
                ("held-stale", kept[2]),
            ], notifier: notifier)
        #expect(DescriptorStore.isHeld("held-stale") && !DescriptorStore.isHeld("fairlead.socket"))
        #expect(fcntl(kept[2], F_GETFD) < 0, "one a name")
        #expect(store.take("api-unix:///s") == kept[0])
        #expect(store.take("api-unix:///s") == nil)
        #expect(store.takeRest() == [kept[1]])
        #expect(receiver.next() == "FDSTOREREMOVE=1\nFDNAME=held-stale")
        #expect(store.put(1, as: "a:b\n\u{E9}"))
        #expect(receiver.next() == "FDSTORE=1\nFDNAME=held-a_b___\nFDPOLL=0")
        #expect(!store.put(1, as: String(repeating: "x", count: 251)))
        #expect(receiver.next() == nil)
        #expect(!store.isHolding, "nothing is known before it is verified")
        store.verify()
        #expect(store.isHolding, "on its way")
        // This receiver takes no descriptors: the kernel closes them.
        #expect(receiver.next() == "FDSTORE=1\nFDNAME=held-probe")
        #expect(!store.isHolding)
        let alone = DescriptorStore(passed: [], notifier: ServiceNotifier(path: nil))
        #expect(!alone.put(1, as: "x"))
        alone.verify()
        #expect(!alone.isHolding && alone.takeRest().isEmpty)
        for descriptor in kept.dropLast() { close(descriptor) }
    }

    @Test func anotherProcessIsNotTheDaemon() {
        let start = ProcessStart.ticks(of: getpid()) ?? 0
        let report = { (pid: Int32, start: UInt64) in
            NamespaceReport(path: "/proc/self/ns/net", pid: 0, daemonPid: pid, daemonStart: start, hostMode: true)
        }
        let cases: [(NamespaceReport, Int32?, Bool)] = [
            (report(getpid(), start), getpid(), true), (report(getpid(), start), 1, true),
            (report(getpid(), start), nil, false), (report(getpid(), start), getppid(), false),
            (report(getpid(), start + 1), getpid(), false), (report(0, start), 1, false),
        ]
        for (report, peer, isRight) in cases {
            let entry = Result { () throws(NamespaceEntry.Refusal) in try NamespaceEntry(report, peer: peer) }
            #expect(((try? entry.get()) != nil) == isRight, "peer \(String(describing: peer)), \(report)")
        }
    }

    @Test func commandsThatCannotBeStarted() {
        #expect(Replacement.run(["/nonexistent/x"]) == ("fairlead: /nonexistent/x: No such file or directory", 127))
        #expect(Replacement.run(["/"]) == ("fairlead: /: Permission denied", 126))
    }
}

/// The other end of NOTIFY_SOCKET.
private final class NotifyReceiver {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(2 + name.count + (name[0] == 0 ? 0 : 1))
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard bound == 0 else { throw TestFailure("bind \(path): \(errno)") }
    }

    deinit { close(descriptor) }

    /// The next datagram, if there is one already: on a unix socket, what was sent has arrived.
    func next() -> String? {
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}
