import Addressing
import NetworkModel

@testable import IPAM

func prefix(_ text: String) -> IPPrefix {
    guard let prefix = IPPrefix(text) else { preconditionFailure("\(text) is no prefix") }
    return prefix
}

func ip(_ text: String) -> IPAddress {
    guard let address = IPAddress(text) else { preconditionFailure("\(text) is no address") }
    return address
}

func emptyIPAM(_ pools: [DefaultPool]? = nil) -> IPAM { IPAM(pools: pools, hostID: "test") }
