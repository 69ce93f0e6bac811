import Addressing
import NetworkModel

/// Connections of a detached endpoint go with it: established traffic is accepted first. The walk that ends them takes
/// longer than anybody should wait, so only the next owner of such an address does.
extension Engine {
    /// Starts ending the connections of addresses that have just been given back.
    func forgetConnections(of endpoints: [Endpoint]) {
        let addresses = endpoints.flatMap { $0.addresses.map(\.address) }
        guard !addresses.isEmpty else { return }
        let number = (forgetting.values.map(\.number).max() ?? 0) + 1
        let task = Task { [platform, weak self] in
            await platform.forgetConnections(of: addresses)
            await self?.forgot(addresses, number)
        }
        for address in addresses { forgetting[address] = (number, task) }
    }

    /// Waits until no connection of an earlier owner is left.
    func awaitForgotten(_ endpoints: [Endpoint]) async {
        for address in endpoints.flatMap({ $0.addresses.map(\.address) }) {
            await forgetting[address]?.task.value
        }
    }

    private func forgot(_ addresses: [IPAddress], _ number: Int) {
        for address in addresses where forgetting[address]?.number == number { forgetting[address] = nil }
    }
}
