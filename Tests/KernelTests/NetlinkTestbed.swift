import Addressing
import Dataplane
import Glibc
import Logging
import Netlink
import Synchronization
import Testing

@testable import Kernel

/// Everything here changes links, mounts or sysctls of the namespaces that the tests run in, so one test at a time.
@Suite(.serialized, .ownNamespaces) struct LinkTests {}

/// A table in memory; refuses an element of the set it is told to.
final class MemoryTable: RuleTable {
    struct Refusal: Error {}

    struct Content {
        var elements: [SetElement.ID: SetElement] = [:]
        var transactions: [[Step.Action]] = []
        var refused: String?
        var isWhole = true
    }

    let content = Mutex(Content())

    func apply(_ changes: [Step.Action]) throws {
        try content.withLock { content in
            content.transactions.append(changes)
            for change in changes {
                switch change {
                case .addElement(let element), .replaceElement(_, by: let element):
                    if element.id.set == content.refused { throw KernelError(object: "element", errno: EINVAL) }
                    content.elements[element.id] = element
                case .removeElement(let element): content.elements[element.id] = nil
                default: content.isWhole = true
                }
            }
        }
    }

    func observe() throws -> (isWhole: Bool, elements: [SetElement]) {
        content.withLock { ($0.isWhole, Array($0.elements.values)) }
    }
}

/// A directory for pins that goes with the test, with whatever a test that failed left in it.
final class ScratchDirectory: Sendable {
    let path: String

    init(path: String) { self.path = path }

    deinit {
        if access(path, F_OK) != 0 || rmdir(path) == 0 { return }
        _ = try? Oracle.run(["sh", "-c", "umount -l \(path)/* 2>/dev/null; rm -rf --one-file-system \(path)"])
    }
}

/// Executor, observer and collector on groups and names of their own, so that tests don't see each other's links.
struct Testbed: Sendable {
    let groups: LinkGroups
    let table = MemoryTable()
    let threads: BlockingThreads
    let collector: Collector
    let executor: Executor
    let observer: Observer
    let prefix: String
    private let scratch: ScratchDirectory
    var directory: String { scratch.path }

    private static let count = Mutex<UInt32>(0)

    init() throws {
        let number = Self.count.withLock {
            $0 += 1
            return $0
        }
        prefix = "t\(number)"
        scratch = ScratchDirectory(path: "/tmp/fairlead-netlink-\(getpid())-\(number)")
        groups = LinkGroups(owned: 7000 + 2 * number, doomed: 7001 + 2 * number)
        threads = try BlockingThreads(name: "test", count: 8)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        collector = Collector(groups: groups, threads: threads, logger: logger)
        executor = Executor(groups: groups, table: table, threads: threads, collector: collector, logger: logger)
        observer = Observer(groups: groups, table: table, threads: threads, pinDirectory: scratch.path)
    }

    func pin(_ name: String) -> NamespacePin { NamespacePin(path: "\(directory)/\(name)") }

    var bridge: LinkID { LinkID("\(prefix)br") }

    /// A bridge with both families.
    func network(_ name: String? = nil, subnet: UInt8 = 1) -> State {
        let id = name.map { LinkID($0) } ?? bridge
        var state = State()
        state.hasTable = true
        state.insert(
            LinkSpec(
                id: id, kind: .bridge, alias: "fairlead:\(id.name)", mac: MACAddress("02:42:0a:\(subnet + 10):00:01"),
                mtu: 1400))
        state.addresses.insert(AddressSpec(link: id, prefix: prefixed("10.\(subnet).0.1/24")))
        state.addresses.insert(AddressSpec(link: id, prefix: prefixed("fd00:\(subnet)::1/64")))
        state.insert(SetElement("bridges", [.interface(id.name)], comment: "network \(id.name)"))
        return state
    }

    /// A container with one endpoint on the bridge.
    func container(_ name: String, host: UInt8, subnet: UInt8 = 1, isolated: Bool = false) -> State {
        let namespace = Namespace.path(pin(name).path)
        let end = LinkID("\(prefix)\(name)")
        let inner = LinkID("eth0", in: namespace)
        let alias = "fairlead:\(bridge.name):\(name)"
        var state = State()
        state.hasTable = true
        state.pins.insert(pin(name))
        state.insert(LinkSpec(id: LinkID("lo", in: namespace), kind: .loopback))
        state.insert(
            LinkSpec(
                id: end, kind: .veth(peer: inner), alias: alias, mtu: 1400, master: bridge.name,
                port: .init(isolated: isolated, hairpin: true), withoutLinkLocal: true))
        state.insert(
            LinkSpec(
                id: inner, kind: .vethPeer(of: end), alias: alias, mac: MACAddress("02:42:0a:01:00:\(host + 10)"),
                mtu: 1400))
        state.addresses.insert(AddressSpec(link: inner, prefix: prefixed("10.\(subnet).0.\(host)/24")))
        state.addresses.insert(AddressSpec(link: inner, prefix: prefixed("fd00:\(subnet)::\(host)/64")))
        for (destination, gateway) in [("0.0.0.0/0", "10.\(subnet).0.1"), ("::/0", "fd00:\(subnet)::1")] {
            state.insert(
                RouteSpec(
                    id: .init(namespace: namespace, destination: prefixed(destination)), gateway: IPAddress(gateway),
                    device: "eth0"))
        }
        return state
    }

    func observe(for desired: State = State()) async throws -> Observation {
        try await observer.observe(
            namespaces: Set(desired.links.keys.map(\.namespace)),
            foreign: Set(desired.links.values.filter { $0.kind == .foreign }.map(\.id)),
            known: Set(desired.links.keys), addresses: desired.addresses, sysctls: Set(desired.sysctls.keys))
    }

    func plan(to desired: State, removal: LinkRemoval = .deferred, from others: State = State()) async throws -> Plan {
        var scope = desired
        scope.merge(others)
        let observed = try await observe(for: scope).state
        return Plan(from: observed, to: desired, removal: removal)
    }

    /// Removes everything.
    func clear(_ states: State...) async throws {
        var all = State()
        for state in states { all.merge(state) }
        var nothing = State()
        nothing.hasTable = true
        try await executor.execute(try await plan(to: nothing, from: all))
        #expect(await collector.drain())
    }
}

func prefixed(_ text: String) -> IPPrefix {
    guard let prefix = IPPrefix(text) else { fatalError("not a prefix: \(text)") }
    return prefix
}

/// How many descriptors the process has open.
func openDescriptors() -> Int {
    guard let directory = opendir("/proc/self/fd") else { return -1 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return count
}

/// The refusal that the body meets.
func refusal(of body: () async throws -> Void) async throws -> KernelError {
    do {
        try await body()
    } catch let error as KernelError {
        return error
    }
    throw MemoryTable.Refusal()
}
