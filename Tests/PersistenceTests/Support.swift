import Addressing
import GRDB
import Glibc
import Logging
import NetworkModel
import OrderedCollections

@testable import Persistence

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A directory that goes with the value.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/fairlead-store-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(action: "mkdtemp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in Self.names(path) { unlink(path + "/" + name) }
        rmdir(path)
    }

    var store: String { path + "/fairlead.db" }

    func open(busyTimeout: Double = 5, beforeCommit: @escaping @Sendable () -> Void = {}) throws -> Store {
        try Store(directory: path, logger: quiet, busyTimeout: busyTimeout, beforeCommit: beforeCommit)
    }

    static func names(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

struct Errno: Error {
    let action: String
    let code = errno
}

func contents(_ path: String) throws -> [UInt8] {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { throw Errno(action: "open \(path)") }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(file, &buffer, buffer.count)
        guard count >= 0 else { throw Errno(action: "read \(path)") }
        if count == 0 { return bytes }
        bytes += buffer.prefix(count)
    }
}

func write(_ bytes: [UInt8], to path: String) throws {
    let file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0o644)
    guard file >= 0 else { throw Errno(action: "open \(path)") }
    defer { close(file) }
    guard Glibc.write(file, bytes, bytes.count) == bytes.count else { throw Errno(action: "write \(path)") }
}

/// A connection beside the store's, as an operator's `sqlite3` would have.
func outsider(_ path: String, busyTimeout: Double = 5) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(busyTimeout)
    configuration.allowsUnsafeTransactions = true
    return try DatabaseQueue(path: path, configuration: configuration)
}

func prefix(_ text: String) -> IPPrefix {
    guard let prefix = IPPrefix(text) else { preconditionFailure("\(text) is no prefix") }
    return prefix
}

func ip(_ text: String) -> IPAddress {
    guard let address = IPAddress(text) else { preconditionFailure("\(text) is no address") }
    return address
}

/// An id that says which it is: its number, then zeros.
func id(_ number: Int) -> ObjectID {
    let digits = String(number, radix: 16)
    guard let id = ObjectID(String(repeating: "0", count: 64 - digits.utf8.count) + digits) else {
        preconditionFailure("\(number) makes no id")
    }
    return id
}

func network(_ number: Int, name: String? = nil, pools: [Pool] = []) -> Network {
    Network(
        id: id(number), name: name ?? "n\(number)", created: Timestamp(nanoseconds: Int64(number)), driver: "bridge",
        pools: pools)
}

func pool(_ subnet: String, range: String? = nil, gateway: String? = nil) -> Pool {
    Pool(subnet: prefix(subnet), range: range.map(prefix), gateway: gateway.map(ip), isStatic: true)
}

func container(_ number: Int, name: String? = nil) -> Container {
    Container(
        id: id(number), name: name ?? "c\(number)", created: Timestamp(nanoseconds: Int64(number)),
        config: ContainerConfig(), host: HostConfig(), attachments: [:])
}

func endpoint(_ number: Int, network: Int, container: Int, addresses: [String] = []) -> Endpoint {
    Endpoint(
        id: id(number), network: id(network), container: id(container), name: "c\(container)",
        addresses: addresses.map(prefix), interface: "eth0", hostInterface: "veth\(number)")
}

/// One of everything, no member left at its default.
enum Full {
    static let network: Network = Network(
        id: id(1), name: "zürich 網\u{0}/: ", created: Timestamp(nanoseconds: 1_700_000_000_123_456_789),
        scope: "global", driver: "bridge", enableIPv4: false, enableIPv6: true, ipamDriver: "default",
        ipamOptions: ["a": "1"],
        ipamConfig: [
            IPAMConfig(
                subnet: prefix("10.1.0.0/16"), range: prefix("10.1.2.0/24"), gateway: ip("10.1.0.9"),
                auxiliaryAddresses: ["aux": ip("10.1.0.3")]), IPAMConfig(),
        ],
        pools: [
            Pool(
                subnet: prefix("fd00:1::/64"), range: prefix("fd00:1::/80"), gateway: ip("fd00:1::1"),
                auxiliaryAddresses: ["x": ip("fd00:1::7")], isStatic: true),
            Pool(
                subnet: prefix("10.1.0.0/16"), range: nil, gateway: nil,
                auxiliaryAddresses: ["y": ip("10.1.0.3"), "z\u{0}": ip("10.1.0.4")], isStatic: false),
            Pool(subnet: prefix("::ffff:0:0/112"), gateway: ip("::ffff:0:1"), isStatic: true),
        ], isInternal: true, isAttachable: true, isIngress: true, isConfigOnly: true, configFrom: "template",
        options: ["com.docker.network.bridge.name": "br0"], labels: ["team": "a", "": "\"quoted\"\n\u{0}"])

    static let container: Container = {
        var config = ContainerConfig()
        config.hostname = "host"
        config.domainname = "example"
        config.user = "1000:1000"
        config.image = "scratch"
        config.environment = ["A=b", "A=b", ""]
        config.labels = ["l": "v"]
        config.exposedPorts = ["80/tcp", "53/udp"]
        config.attachStdin = true
        config.attachStdout = true
        config.attachStderr = true
        config.tty = true
        config.openStdin = true
        config.stdinOnce = true
        config.workingDirectory = "/srv"
        config.stopSignal = "SIGUSR1"
        config.stopTimeout = 7
        config.networkDisabled = true
        var host = HostConfig()
        host.networkMode = .container("web")
        host.restartPolicy = RestartPolicy(name: .onFailure, maximumRetryCount: 3)
        host.autoRemove = true
        return Container(
            id: id(2), name: "app", created: Timestamp(nanoseconds: -5), config: config, host: host,
            attachments: attachments,
            state: ContainerState(
                status: .running, exitCode: 137, error: "no", started: Timestamp(nanoseconds: 3),
                finished: Timestamp(nanoseconds: 4), restartCount: 5, stoppedByUser: true),
            sandbox: Sandbox(id: id(3), path: "/run/netns/x", identity: "boot:7", isAdopted: true, pid: 42))
    }()

    /// In an order that no sorting gives.
    static let attachments: OrderedDictionary<String, EndpointSettings> = [
        "zoo": EndpointSettings(
            ipam: EndpointSettings.IPAM(ipv4: ip("10.1.0.5"), ipv6: ip("fd00:1::5"), linkLocal: [ip("169.254.1.1")]),
            links: ["a:b"], aliases: ["www", "db"], driverOptions: ["o": "1"], gatewayPriority: -3,
            mac: MACAddress("02:42:ac:11:00:02"), networkID: id(1).text),
        "alpha": EndpointSettings(
            ipam: EndpointSettings.IPAM(linkLocal: []), links: [], aliases: [], driverOptions: [:]),
        "middle": EndpointSettings(ipam: EndpointSettings.IPAM()), "beta": EndpointSettings(),
    ]

    static let endpoint = Endpoint(
        id: id(4), network: id(1), container: id(2), name: "app",
        addresses: [prefix("fd00:1::5/64"), prefix("10.1.0.5/16")],
        linkLocal: [ip("169.254.1.1"), ip("fe80::1")], gateways: [ip("10.1.0.9"), ip("fd00:1::1")],
        mac: MACAddress("02:42:ac:11:00:02"), interface: "eth1", hostInterface: "veth1234567",
        dnsNames: ["app", "www"], driverOptions: ["d": "e"], gatewayPriority: 9, order: 1)
}
