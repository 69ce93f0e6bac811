public import Dataplane

/// One change of the table's elements.
public enum ElementChange: Sendable, Hashable {
    case add(SetElement)
    /// The old element and the new one under the same key.
    case replace(SetElement, by: SetElement)
    case remove(SetElement)

    /// What the kernel holds afterwards, or held.
    public var element: SetElement {
        switch self {
        case .add(let element), .remove(let element), .replace(_, by: let element): element
        }
    }
}

extension SetElement {
    /// `direct4 { 10.0.0.2 . br-front }`
    var name: String {
        let key = id.key.map { field in
            switch field {
            case .interface(let name): name
            case .family(.ipv4): "ipv4"
            case .family(.ipv6): "ipv6"
            case .address(let address): "\(address)"
            case .transport(let number): "\(number)"
            case .port(let port): "\(port)"
            }
        }
        return "\(id.set) { \(key.joined(separator: " . ")) }"
    }
}
