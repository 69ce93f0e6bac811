import CNFTables

/// What libnftnl takes for granted of a message: 1.2.4 reads the name of an expression that has none (nftnl_expr_parse).
enum NetfilterExpressions {
    /// Whether every expression of a rule, a set or its elements has a name.
    static func areNamed(in message: UnsafePointer<nlmsghdr>) -> Bool {
        attributes(of: message).allSatisfy { attribute in
            switch (message.pointee.nlmsg_type & 0xFF, attribute.type) {
            case (UInt16(NFT_MSG_NEWRULE.rawValue), UInt16(NFTA_RULE_EXPRESSIONS.rawValue)),
                (UInt16(NFT_MSG_NEWSET.rawValue), UInt16(NFTA_SET_EXPRESSIONS.rawValue)):
                attribute.nested.allSatisfy(isNamed)
            case (UInt16(NFT_MSG_NEWSET.rawValue), UInt16(NFTA_SET_EXPR.rawValue)): isNamed(attribute)
            case (UInt16(NFT_MSG_NEWSETELEM.rawValue), UInt16(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue)):
                attribute.nested.allSatisfy(isElementNamed)
            default: true
            }
        }
    }

    private static func isElementNamed(_ element: NetfilterAttribute) -> Bool {
        element.nested.allSatisfy { attribute in
            switch attribute.type {
            case UInt16(NFTA_SET_ELEM_EXPR.rawValue): isNamed(attribute)
            case UInt16(NFTA_SET_ELEM_EXPRESSIONS.rawValue): attribute.nested.allSatisfy(isNamed)
            default: true
            }
        }
    }

    private static func isNamed(_ expression: NetfilterAttribute) -> Bool {
        let parts = expression.nested
        guard let name = parts.last(where: { $0.type == UInt16(NFTA_EXPR_NAME.rawValue) }) else { return false }
        // Of all expressions, this one has others in it.
        guard name.bytes.starts(with: "dynset".utf8) else { return true }
        return parts.filter { $0.type == UInt16(NFTA_EXPR_DATA.rawValue) }.flatMap(\.nested).allSatisfy { attribute in
            switch attribute.type {
            case UInt16(NFTA_DYNSET_EXPR.rawValue): isNamed(attribute)
            case UInt16(NFTA_DYNSET_EXPRESSIONS.rawValue): attribute.nested.allSatisfy(isNamed)
            default: true
            }
        }
    }
}

extension NetfilterAttribute {
    /// The attributes inside.
    fileprivate var nested: [NetfilterAttribute] { attributes(in: bytes, from: 0) }
}
