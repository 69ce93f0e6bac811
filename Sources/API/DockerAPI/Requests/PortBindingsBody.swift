import Addressing
import JSON

/// `PortBindings`: read so that nonsense is refused as such; publishing itself isn't built.
struct PortBindingsBody {
    private(set) var isEmpty = true
    /// The first specification that is invalid (docker-network-api 6.1).
    private(set) var invalid: String?

    init(_ reader: StructReader) {
        let binding = Shape<String>.object("network.PortBinding") {
            _ = $0.text("HostIp", goType: "netip.Addr", parse: IPAddress.parse)
            return $0.string("HostPort") ?? ""
        }
        let shape = Shape.map(of: .array(of: binding), checkingKeys: { _ = try ExposedPort.normalize($0) })
        for entry in reader.read("PortBindings", shape) ?? [] {
            isEmpty = false
            let port = (try? ExposedPort.normalize(entry.key)) ?? ""
            if port.hasPrefix("0/") { invalid = invalid ?? port }
            invalid = invalid ?? entry.value.first { !Self.isHostPort($0) }
        }
    }

    /// "", a port, or a range, with or without a protocol, which doesn't count.
    private static func isHostPort(_ text: String) -> Bool {
        let port = String(text.prefix { $0 != "/" })
        return port.isEmpty || PortRange(port) != nil
    }
}
