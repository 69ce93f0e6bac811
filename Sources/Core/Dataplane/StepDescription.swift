import Addressing

extension Plan: CustomStringConvertible {
    /// One step a line; what `fairlead plan` prints.
    public var description: String {
        steps.map(\.description).joined(separator: "\n")
    }
}

extension Step: CustomStringConvertible {
    public var description: String { "\(action): \(reason)" }
}

extension Step.Action: CustomStringConvertible {
    public var description: String {
        switch self {
        case .repairTable: "repair table inet fairlead"
        case .addElement(let element): "add element \(element)"
        case .replaceElement(_, by: let element): "replace element \(element)"
        case .removeElement(let element): "remove element \(element)"
        case .createNamespace(let pin): "create namespace \(pin.path)"
        case .removeNamespace(let pin): "remove namespace \(pin.path)"
        case .createLink(let link, let peer): "create \(link)" + (peer.map { " with \($0)" } ?? "")
        case .changeLink(_, let link): "change \(link)"
        case .setUp(let id): "bring up \(id)"
        case .setDown(let id): "take down \(id)"
        case .deleteLink(let link), .doomLink(let link): "delete \(link)"
        case .addAddress(let address): "add address \(address.prefix) to \(address.link)"
        case .removeAddress(let address): "remove address \(address.prefix) from \(address.link)"
        case .setRoute(let route): "set \(route)"
        case .removeRoute(let route): "remove \(route)"
        case .setNeighbour(let neighbour): "set neighbour \(neighbour.id.address) on \(neighbour.id.link)"
        case .removeNeighbour(let neighbour): "remove neighbour \(neighbour.id.address) from \(neighbour.id.link)"
        case .writeSysctl(let id, let value, _): "set \(id) to \(value)"
        }
    }
}

extension LinkID: CustomStringConvertible {
    public var description: String { namespace == .daemon ? name : "\(name) in \(namespace)" }
}

extension SysctlID: CustomStringConvertible {
    public var description: String {
        path.replacingSlashes() + (namespace == .daemon ? "" : " in \(namespace)")
    }
}

extension LinkSpec: CustomStringConvertible {
    public var description: String {
        let word =
            switch kind {
            case .bridge: "bridge"
            case .veth, .vethPeer: "veth"
            case .loopback, .foreign: "link"
            }
        return "\(word) \(id)" + (alias.isEmpty ? "" : " (\(alias))")
    }
}

extension RouteSpec: CustomStringConvertible {
    public var description: String {
        let target =
            id.destination.length == 0 ? "default route (\(id.destination.family))" : "route to \(id.destination)"
        let via = gateway.map { " via \($0)" } ?? ""
        return "\(target)\(via) by \(LinkID(device, in: id.namespace))"
    }
}

extension SetElement: CustomStringConvertible {
    /// As `nft` writes it.
    public var description: String {
        var text = "\(id.set) { \(keyText)"
        if !comment.isEmpty { text += " comment \"\(comment)\"" }
        switch value {
        case .verdict(let verdict)?: text += " : \(verdict)"
        case .fields(let fields)?: text += " : \(Self.joined(fields))"
        case nil: break
        }
        return text + " }"
    }

    /// The key's fields, concatenated as `nft` does.
    var keyText: String { Self.joined(id.key) }

    private static func joined(_ fields: [Field]) -> String {
        fields.map(\.description).joined(separator: " . ")
    }
}

extension SetElement.Field: CustomStringConvertible {
    public var description: String {
        switch self {
        case .interface(let name): "\"\(name)\""
        case .family(let family): "\(family)"
        case .address(let address): "\(address)"
        case .transport(let number): "\(number)"
        case .port(let number): "\(number)"
        }
    }
}

extension SetElement.Verdict: CustomStringConvertible {
    public var description: String {
        switch self {
        case .accept: "accept"
        case .drop: "drop"
        case .goto(let chain): "goto \(chain)"
        }
    }
}

extension String {
    /// A sysctl's path in dotted form; a dot inside a name stays a slash, as sysctl(8) does it.
    fileprivate func replacingSlashes() -> String {
        String(map { $0 == "/" ? "." : $0 == "." ? "/" : $0 })
    }
}
