import Addressing
import HTTPServer

extension FuzzTarget {
    /// Addresses, prefixes, MACs, port ranges, interface names and listener addresses: what is read, is written so that
    /// it is read as the same.
    static let addresses = FuzzTarget("addresses") { input in
        let text = String(decoding: input, as: UTF8.self)
        roundTrip(text, IPAddress.parse)
        roundTrip(text, IPPrefix.parse)
        roundTrip(text, MACAddress.parse)
        roundTrip(text, PortRange.parse)
        if let name = InterfaceName(text) {
            require((1...15).contains(name.text.utf8.count) && !name.text.contains("/"), "no name for an interface")
        }
        if let prefix = IPPrefix(text) {
            require(prefix.contains(prefix.address) && prefix.masked.contains(prefix.last), "a prefix without itself")
            require(prefix.first <= prefix.last, "a prefix that ends before it begins")
        }
        for tls in [false, true] {
            let listener = try? ListenerAddress.parse(text, tls: tls, defaultSocket: "/run/x.sock")
            if let listener {
                let again = try? ListenerAddress.parse(listener.description, tls: tls, defaultSocket: "/run/x.sock")
                require(again == listener, "\(listener) is read as \(again.map(String.init(describing:)) ?? "nothing")")
            }
        }
        _ = text.goQuoted
    }

    private static func roundTrip<Value: Equatable & CustomStringConvertible>(
        _ text: String, _ parse: (String) throws(AddressError) -> Value
    ) {
        guard let value = accepted({ () throws(AddressError) in try parse(text) }) else { return }
        require((try? parse(value.description)) == value, "\(value) is read as another")
    }
}
