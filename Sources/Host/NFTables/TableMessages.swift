import CNFTables
import Firewall

/// Messages that make or remove the table's objects, added to a batch.
struct TableMessages {
    let spec: TableSpec

    /// Creates it, or wakes one that is dormant.
    func addTable(to batch: inout Batch, isNew: Bool) {
        guard let table = nftnl_table_alloc() else { return }
        defer { nftnl_table_free(table) }
        nftnl_table_set_str(table, UInt16(NFTNL_TABLE_NAME.rawValue), spec.name)
        nftnl_table_set_u32(table, UInt16(NFTNL_TABLE_FLAGS.rawValue), 0)
        let comment = CommentCoding.encode(spec.comment)
        if isNew, !comment.isEmpty {
            nftnl_table_set_data(table, UInt16(NFTNL_TABLE_USERDATA.rawValue), comment, UInt32(comment.count))
        }
        batch.add(
            NFT_MSG_NEWTABLE, flags: Int32(NLM_F_CREATE), room: 1024,
            label: .object(operation: "add table", name: spec.name)
        ) { nftnl_table_nlmsg_build_payload($0, table) }
    }

    func add(_ set: SetSpec, to batch: inout Batch) {
        guard let pointer = nftnl_set_alloc() else { return }
        defer { nftnl_set_free(pointer) }
        func put(_ attribute: nftnl_set_attr, _ value: UInt32) {
            nftnl_set_set_u32(pointer, UInt16(attribute.rawValue), value)
        }
        nftnl_set_set_str(pointer, UInt16(NFTNL_SET_TABLE.rawValue), spec.name)
        nftnl_set_set_str(pointer, UInt16(NFTNL_SET_NAME.rawValue), set.name)
        let shape = set.shape
        put(NFTNL_SET_FAMILY, UInt32(NFPROTO_INET))
        put(NFTNL_SET_ID, batch.lastSequence &+ 1)  // any number that no other set in the batch has
        put(NFTNL_SET_FLAGS, shape.flags)
        put(NFTNL_SET_KEY_TYPE, shape.keyType)
        put(NFTNL_SET_KEY_LEN, shape.keyLength)
        if set.data != nil {
            put(NFTNL_SET_DATA_TYPE, shape.dataType)
            if shape.dataLength > 0 { put(NFTNL_SET_DATA_LEN, shape.dataLength) }
        }
        let userdata = userdata(set)
        nftnl_set_set_data(pointer, UInt16(NFTNL_SET_USERDATA.rawValue), userdata, UInt32(userdata.count))
        batch.add(
            NFT_MSG_NEWSET, flags: Int32(NLM_F_CREATE), room: 1024,
            label: .object(operation: "add set", name: set.name)
        ) { nftnl_set_nlmsg_build_payload($0, pointer) }
    }

    /// Byte orders, which nft(8) needs to print elements, and the comment (libnftnl/udata.h).
    private func userdata(_ set: SetSpec) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(NFTNL_UDATA_SET_KEYBYTEORDER.rawValue), 4, set.key.byteOrder, 0, 0, 0]
        if case .fields(let fields) = set.data {
            bytes += [UInt8(NFTNL_UDATA_SET_DATABYTEORDER.rawValue), 4, fields.byteOrder, 0, 0, 0]
        }
        return bytes + CommentCoding.encode(set.comment, type: UInt8(NFTNL_UDATA_SET_COMMENT.rawValue))
    }

    func deleteSet(_ name: String, from batch: inout Batch) {
        guard let pointer = nftnl_set_alloc() else { return }
        defer { nftnl_set_free(pointer) }
        nftnl_set_set_str(pointer, UInt16(NFTNL_SET_TABLE.rawValue), spec.name)
        nftnl_set_set_str(pointer, UInt16(NFTNL_SET_NAME.rawValue), name)
        batch.add(NFT_MSG_DELSET, room: 1024, label: .object(operation: "delete set", name: name)) {
            nftnl_set_nlmsg_build_payload($0, pointer)
        }
    }

    /// Creates it; of a base chain that is there, sets the policy.
    func add(_ chain: ChainSpec, to batch: inout Batch, isNew: Bool = true) {
        withChain(chain.name) { pointer in
            if let hook = chain.hook {
                nftnl_chain_set_u32(pointer, UInt16(NFTNL_CHAIN_POLICY.rawValue), UInt32(NF_ACCEPT))
                if isNew {
                    nftnl_chain_set_str(pointer, UInt16(NFTNL_CHAIN_TYPE.rawValue), hook.kind.rawValue)
                    nftnl_chain_set_u32(pointer, UInt16(NFTNL_CHAIN_HOOKNUM.rawValue), hook.point.rawValue)
                    nftnl_chain_set_s32(pointer, UInt16(NFTNL_CHAIN_PRIO.rawValue), hook.priority)
                }
            }
            let comment = CommentCoding.encode(chain.comment)
            if isNew, !comment.isEmpty {
                nftnl_chain_set_data(pointer, UInt16(NFTNL_CHAIN_USERDATA.rawValue), comment, UInt32(comment.count))
            }
            batch.add(
                NFT_MSG_NEWCHAIN, flags: Int32(NLM_F_CREATE), room: 1024,
                label: .object(operation: "add chain", name: chain.name)
            ) { nftnl_chain_nlmsg_build_payload($0, pointer) }
        }
    }

    func deleteChain(_ name: String, from batch: inout Batch) {
        withChain(name) { pointer in
            batch.add(NFT_MSG_DELCHAIN, room: 1024, label: .object(operation: "delete chain", name: name)) {
                nftnl_chain_nlmsg_build_payload($0, pointer)
            }
        }
    }

    private func withChain(_ name: String, _ body: (OpaquePointer) -> Void) {
        guard let pointer = nftnl_chain_alloc() else { return }
        defer { nftnl_chain_free(pointer) }
        nftnl_chain_set_str(pointer, UInt16(NFTNL_CHAIN_TABLE.rawValue), spec.name)
        nftnl_chain_set_str(pointer, UInt16(NFTNL_CHAIN_NAME.rawValue), name)
        body(pointer)
    }

    /// At the chain's end, or its head.
    func add(_ rule: EncodedRule, chain: String, to batch: inout Batch, atHead: Bool = false) {
        batch.add(
            NFT_MSG_NEWRULE, flags: Int32(atHead ? NLM_F_CREATE : NLM_F_CREATE | NLM_F_APPEND), room: 4096,
            label: .object(operation: "add rule", name: chain)
        ) { nftnl_rule_nlmsg_build_payload($0, rule.pointer) }
    }

    /// Deletes one rule, or with no handle all rules of the chain.
    func deleteRule(_ handle: UInt64?, chain: String, from batch: inout Batch) {
        guard let pointer = nftnl_rule_alloc() else { return }
        defer { nftnl_rule_free(pointer) }
        nftnl_rule_set_str(pointer, UInt16(NFTNL_RULE_TABLE.rawValue), spec.name)
        nftnl_rule_set_str(pointer, UInt16(NFTNL_RULE_CHAIN.rawValue), chain)
        if let handle { nftnl_rule_set_u64(pointer, UInt16(NFTNL_RULE_HANDLE.rawValue), handle) }
        batch.add(NFT_MSG_DELRULE, room: 1024, label: .object(operation: "delete rule", name: chain)) {
            nftnl_rule_nlmsg_build_payload($0, pointer)
        }
    }
}
