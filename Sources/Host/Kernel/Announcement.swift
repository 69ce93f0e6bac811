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

    /// Sends the first round at once and the others in time, and returns after the last. Between rounds no descriptor
    /// is held: the namespace may go, and the interface, which ends the announcement.
    ///
    /// - Throws: What the first round met: `NamespaceError`, or `SystemCallError` such as ENODEV or ENETDOWN.
    public func send(on threads: BlockingThreads) async throws {
        for round in 0..<count {
            if round > 0 {
                do {
                    try await Task.sleep(for: .milliseconds(intervalMilliseconds))
                } catch {
                    return
                }
            }
            do {
                try await threads.run { try sendOnce() }
            } catch {
                if round == 0 { throw error }
                return
            }
        }
    }

    /// One frame for each address; enters the namespace, so only on a thread that may.
    func sendOnce() throws {
        try NamespaceHandle.within(namespace) {
            let socket = shim_packet_socket()
            guard socket >= 0 else { throw SystemCallError("socket", "AF_PACKET", errno: -socket) }
            defer { close(socket) }
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
}
