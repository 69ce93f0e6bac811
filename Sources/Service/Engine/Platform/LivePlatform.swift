public import Addressing
public import Dataplane
import Glibc
public import IPAM
public import Kernel
public import Logging
import Netlink
public import NetworkModel
import Runtime
import Synchronization

/// The machine itself.
public final class LivePlatform: HostPlatform {
    private let threads: BlockingThreads
    /// Closing a packet socket waits for the kernel: not on threads that requests wait for.
    private let announcers: BlockingThreads
    private let watches: NamespaceWatch
    private let groups: Set<UInt32>
    private let logger: Logger
    /// The newest look at the host's addressing, which serves until something has changed.
    private let lookup = Mutex<Task<Result<HostAddressing, EngineError>, Never>?>(nil)
    private let addressingWatch: AddressingWatch
    private let reaper: ConnectionReaper
    /// Sandboxes whose end somebody wants to hear of.
    private let watched = Mutex<Set<ObjectID>>([])

    public let hasIPv6: Bool
    public let ownIdentity: String
    public let ownPath: String

    /// On a thread that is in the daemon's namespaces.
    ///
    /// - Throws: `KernelError` when threads can't be had or our own namespace can't be told.
    public init(groups: LinkGroups, facts: HostFacts, logger: Logger) throws(KernelError) {
        do {
            threads = try BlockingThreads(name: "platform", count: 4)
            announcers = try BlockingThreads(name: "announce", count: 2)
            watches = try NamespaceWatch()
            addressingWatch = try AddressingWatch()
            ownIdentity = try NamespaceHandle(.daemon).identity().description
        } catch {
            throw KernelError(object: "the daemon's namespace", error)
        }
        reaper = ConnectionReaper(threads: threads, logger: logger)
        self.groups = [groups.owned, groups.doomed]
        self.logger = logger
        hasIPv6 = facts.hasIPv6
        ownPath = "/proc/\(getpid())/ns/net"
    }

    /// A look reads every link, address and route of the host: one serves everybody until something changes.
    public func addressing() async throws(EngineError) -> HostAddressing {
        let look = lookup.withLock { lookup in
            // Asked in any case, so that what is told from now on is told about the look that begins here.
            if !addressingWatch.hasChanged(), let lookup { return lookup }
            let begun = Task { await self.look() }
            lookup = begun
            return begun
        }
        let outcome = await look.value
        // One that failed serves nobody else.
        if case .failure = outcome { lookup.withLock { if $0 == look { $0 = nil } } }
        return try outcome.get()
    }

    private func look() async -> Result<HostAddressing, EngineError> {
        let read = await threads.run { [groups] in
            Result { try HostPrefixes.read(on: NetlinkSocket(), without: groups) }
        }
        return read.map { HostAddressing(reserved: $0.reserved, routes: $0.routes) }
            .mapError { EngineError(.system, "the host's addresses can't be read: \($0)") }
    }

    /// Read where it is asked: one file of procfs, which never waits, is cheaper than two changes of thread.
    public func isForwarding(_ family: AddressFamily) async -> Bool {
        (try? Forwarding.isOn(family)) ?? false
    }

    public func keepRouterAdvertisements() async throws(EngineError) {
        let outcome = await threads.run { [groups] in
            Result { try Forwarding.keepRouterAdvertisements(without: groups) }
        }
        do {
            let interfaces = try outcome.get()
            if interfaces.isEmpty { return }
            logger.notice(
                "these interfaces go on taking router advertisements (accept_ra=2)",
                metadata: ["interfaces": "\(interfaces.joined(separator: ", "))"])
        } catch {
            throw EngineError(.system, "accept_ra: \(error)")
        }
    }

    public func interface(named name: String) async -> ExistingInterface {
        await threads.run { [groups] in
            guard let socket = try? NetlinkSocket(), let link = try? socket.links(named: [name])[name],
                !groups.contains(link.group), !link.alias.hasPrefix(LinkGroups.aliasPrefix)
            else { return .absent }
            guard link.kind == "bridge" else { return .other }
            let addresses = (try? socket.addresses()) ?? []
            return .bridge(
                addresses.filter { $0.link == link.index && !$0.prefix.address.isLinkLocalUnicast }.map(\.prefix))
        }
    }

    public func interfaceNames(in path: String) async -> Set<String> {
        await threads.run {
            let names = try? NamespaceHandle.within(.path(path)) { try NetlinkSocket().links().map(\.name) }
            return Set(names ?? [])
        }
    }

    public func clearPinRests(in directory: String) async {
        let outcome = await threads.run { Result { try NamespaceHandle.clearRests(in: directory) } }
        if case .failure(let error) = outcome {
            logger.warning("rests of pins stay", metadata: ["directory": "\(directory)", "error": "\(error)"])
        }
    }

    public func identity(of path: String) async -> String? {
        await threads.run { (try? NamespaceHandle(.path(path)).identity())?.description }
    }

    public func adopt(_ witness: String) async throws(EngineError) -> AdoptedNamespace {
        let outcome = await threads.run { () -> Result<Adoption, AdoptionError> in
            do throws(AdoptionError) {
                return .success(try Adoption(witness))
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let adoption):
            return AdoptedNamespace(
                path: adoption.path, identity: adoption.identity.description, pid: adoption.pid)
        case .failure(let error):
            switch error {
            case .own, .machine: throw EngineError(.conflict, error.description)
            case .malformed, .noProcess, .notANamespace, .refused:
                throw EngineError(.invalidArgument, error.description)
            }
        }
    }

    /// By device and inode: unique among namespaces that are there at the same time.
    public func path(leadingTo namespace: String, among paths: [String]) async -> String? {
        await threads.run {
            var wanted = stat()
            guard stat(namespace, &wanted) == 0 else { return nil }
            return paths.first { path in
                var found = stat()
                return stat(path, &found) == 0 && found.st_dev == wanted.st_dev && found.st_ino == wanted.st_ino
            }
        }
    }

    public func forgetConnections(of addresses: [IPAddress]) async {
        await reaper.forget(addresses)
    }

    public func announce(_ endpoint: Endpoint, in namespace: Namespace, count: Int, intervalMilliseconds: Int) async {
        guard let mac = endpoint.mac else { return }
        let announcement = Announcement(
            namespace: namespace, interface: endpoint.interface, mac: mac,
            addresses: endpoint.addresses.map(\.address), count: count, intervalMilliseconds: intervalMilliseconds)
        do {
            try await announcement.send(on: announcers)
        } catch {
            logger.debug(
                "an address is not announced", metadata: ["endpoint": "\(endpoint.id)", "error": "\(error)"])
        }
    }

    public func watch(_ sandbox: Sandbox, onGone: @escaping @Sendable () -> Void) {
        watched.withLock { _ = $0.insert(sandbox.id) }
        Task { [self] in
            await threads.run { self.register(sandbox, onGone) }
        }
    }

    public func unwatch(_ sandbox: Sandbox) {
        watched.withLock { _ = $0.remove(sandbox.id) }
        watches.unwatch(sandbox.id.text)
    }

    /// Where no namespace is to be found any more, it has gone.
    private func register(_ sandbox: Sandbox, _ onGone: @escaping @Sendable () -> Void) {
        let isWanted = { self.watched.withLock { $0.contains(sandbox.id) } }
        let witness: NamespaceWitness = sandbox.pid > 0 ? .process(sandbox.pid) : .path(sandbox.path)
        do {
            let identity = try NamespaceHandle(witness.namespace).identity()
            if sandbox.isAdopted, identity.description != sandbox.identity { return onGone() }
            try watches.watch(sandbox.id.text, witness: witness, identity: identity) { _ in onGone() }
            // Given up while it was being looked at: the watch must not stay.
            if !isWanted() { watches.unwatch(sandbox.id.text) }
        } catch NamespaceError.notANamespace {
            if isWanted() { onGone() }
        } catch let error as NamespaceError where [ENOENT, ESRCH].contains(error.errno) {
            if isWanted() { onGone() }
        } catch {
            logger.error("a namespace is not watched", metadata: ["path": "\(sandbox.path)", "error": "\(error)"])
        }
    }
}
