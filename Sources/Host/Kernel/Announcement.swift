public import Addressing
internal import CShims
public import Dataplane
internal import Glibc

/// Tells an endpoint's neighbours where its addresses are now, so that none goes on sending to an earlier owner's MAC.
public struct Announcement: Sendable, Hashable {
    public let namespace: Namespace
    /// The interface that has the addresses.
    public let interface: String
    public let mac: MACAddress
    public let addresses: [IPAddress]
    /// How often, 0 to 3 (`com.docker.network.advertise_addr_nmsgs`).
    public let count: Int
    /// How far apart, 100 to 2000 milliseconds (`com.docker.network.advertise_addr_ms`).
    public let intervalMilliseconds: Int

    /// Counts and intervals out of range are moved to its nearest end.
    public init(
        namespace: Namespace, interface: String, mac: MACAddress, addresses: [IPAddress], count: Int = 3,
        intervalMilliseconds: Int = 1000
    ) {
        self.namespace = namespace
        self.interface = interface
        self.mac = mac
        self.addresses = addresses
        self.count = min(max(count, 0), 3)
        self.intervalMilliseconds = min(max(intervalMilliseconds, 100), 2000)
    }

    /// Sends the first round as soon as the interface has a carrier, half a second on in any case, the others in time,
    /// and returns after the last. Between rounds no descriptor is held: the namespace may go, and the interface, which
    /// ends the announcement.
    ///
    /// - Throws: What the first round met: `NamespaceError`, or `SystemCallError` such as ENODEV or ENETDOWN.
    public func send(on threads: BlockingThreads) async throws {
        guard count > 0 else { return }
        // Without a carrier the kernel drops what is sent, without a word; a veth has none until both ends are up.
        var patience = 50
        while patience > 0, try await !threads.run({ try hasCarrier() }) {
            patience -= 1
            try? await Task.sleep(for: .milliseconds(10))
        }
        try await threads.run { try sendOnce() }
        for _ in 1..<count {
            do {
                try await Task.sleep(for: .milliseconds(intervalMilliseconds))
                try await threads.run { try sendOnce() }
            } catch {
                return
            }
        }
    }

    private func hasCarrier() throws -> Bool {
        // Closing a packet socket waits for the kernel's readers; this kind doesn't.
        try withSocket(Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)) { socket in
            let outcome = shim_link_has_carrier(socket, interface)
            guard outcome >= 0 else { throw SystemCallError("ioctl", interface, errno: -outcome) }
            return outcome == 1
        }
    }

    /// One frame for each address; enters the namespace, so only on a thread that may.
    func sendOnce() throws {
        try withSocket(shim_packet_socket()) { socket in
            let link = if_nametoindex(interface)
            guard link > 0 else { throw SystemCallError("if_nametoindex", interface, errno: errno) }
            for address in addresses {
                let frame =
                    switch address.family {
                    case .ipv4: NeighbourFrame.announcement(of: address, at: mac)
                    case .ipv6: NeighbourFrame.advertisement(of: address, at: mac)
                    }
                let outcome = shim_packet_send(socket, link, frame, frame.count)
                guard outcome == 0 else { throw SystemCallError("sendto", interface, errno: -outcome) }
            }
        }
    }

    private func withSocket<T>(
        _ make: @autoclosure () -> Int32, _ body: (Int32) throws -> T
    ) throws -> T {
        try NamespaceHandle.within(namespace) {
            let socket = make()
            guard socket >= 0 else { throw SystemCallError("socket", interface, errno: socket == -1 ? errno : -socket) }
            defer { close(socket) }
            return try body(socket)
        }
    }
}
