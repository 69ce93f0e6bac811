import Addressing
import Engine
import NetworkModel

/// A moment in 2026, and so many seconds after it.
func moment(_ seconds: Int64 = 0) -> Timestamp { Timestamp(nanoseconds: (1_795_500_000 + seconds) * 1_000_000_000) }

func id(_ digit: Character) -> ObjectID { ObjectID(String(repeating: digit, count: 64)) ?? .random() }

func sampleNetwork(
    _ name: String, _ digit: Character, driver: String = "bridge", created: Timestamp = moment(),
    labels: [String: String] = [:], subnet: String? = "172.28.0.0/16"
) -> Network {
    let pools = subnet.flatMap { IPPrefix($0) }.map {
        [Pool(subnet: $0, gateway: $0.first + 1, isStatic: true)]
    }
    return Network(id: id(digit), name: name, created: created, driver: driver, pools: pools ?? [], labels: labels)
}

func sampleContainer(
    _ name: String, _ digit: Character, on networks: [String] = ["bridge"], created: Timestamp = moment(),
    status: ContainerState.Status = .created
) -> Container {
    var config = ContainerConfig()
    config.image = "scratch"
    var host = HostConfig()
    host.networkMode = NetworkMode(networks.first ?? "none")
    var state = ContainerState(status: status)
    if status == .running { state.started = created }
    if status == .exited { state.finished = created }
    return Container(
        id: id(digit), name: name, created: created, config: config, host: host,
        attachments: .init(uniqueKeysWithValues: networks.map { ($0, EndpointSettings()) }), state: state,
        sandbox: status == .running ? Sandbox(id: id("5"), path: "/run/fairlead/netns/x", identity: "b:1") : nil)
}

func sampleEndpoint(of container: Container, on network: Network, address: String) -> Endpoint {
    Endpoint(
        id: id("e"), network: network.id, container: container.id, name: container.name,
        addresses: [IPPrefix(address)].compactMap { $0 }, gateways: network.pools.compactMap(\.gateway),
        mac: MACAddress("02:00:00:00:00:09"), interface: "eth0", hostInterface: "veth0000001",
        dnsNames: [container.name, container.id.short])
}
