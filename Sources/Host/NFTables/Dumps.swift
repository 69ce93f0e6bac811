import CNFTables
import Dataplane
import Firewall
import Glibc

extension NFTablesConnection {
    /// The ruleset's generation: a number that every transaction of anybody changes.
    func generation(_ socket: inout NetfilterSocket) throws(NFTablesError) -> UInt32 {
        var generation: UInt32 = 0
        try dump(&socket, NFT_MSG_GETGEN, family: NFPROTO_UNSPEC, flags: 0) { message in
            for attribute in attributes(of: message) where attribute.type == UInt16(NFTA_GEN_ID.rawValue) {
                generation = attribute.number.map { UInt32(bigEndian: $0) } ?? generation
            }
        }
        return generation
    }

    /// Our table as it is; nil without one.
    func observe(_ socket: inout NetfilterSocket) throws(NFTablesError) -> ObservedTable? {
        try untilCalm { () throws(NFTablesError) in
            guard let isDormant = try self.tableState(&socket) else { return nil }
            var observed = ObservedTable(isDormant: isDormant)
            let table = self.table.name
            try self.dump(&socket, NFT_MSG_GETCHAIN, family: NFPROTO_INET) { message in
                if belongs(message, to: table) {
                    TableDecoding.addChain(message, to: &observed)
                }
            }
            try self.dump(&socket, NFT_MSG_GETRULE, family: NFPROTO_INET, table: table) { message in
                TableDecoding.addRule(message, to: &observed)
            }
            do throws(NFTablesError) {
                try self.dump(&socket, NFT_MSG_GETSET, family: NFPROTO_INET, table: table) { message in
                    TableDecoding.addSet(message, to: &observed)
                }
            } catch {
                if error.errno == ENOENT { return nil }
                throw error
            }
            return observed
        }
    }

    /// Whether our table is dormant; nil without one.
    private func tableState(_ socket: inout NetfilterSocket) throws(NFTablesError) -> Bool? {
        var state: Bool?
        let name = table.name
        try dump(&socket, NFT_MSG_GETTABLE, family: NFPROTO_INET) { message in
            guard let table = nftnl_table_alloc() else { return }
            defer { nftnl_table_free(table) }
            guard nftnl_table_nlmsg_parse(message, table) >= 0,
                let found = nftnl_table_get_str(table, UInt16(NFTNL_TABLE_NAME.rawValue)),
                String(cString: found) == name
            else { return }
            let flags = nftnl_table_get_u32(table, UInt16(NFTNL_TABLE_FLAGS.rawValue))
            state = flags & UInt32(NFT_TABLE_F_DORMANT.rawValue) != 0
        }
        return state
    }

    /// The elements of these sets; of a set that isn't there, none.
    func elements(of sets: [SetSpec], _ socket: inout NetfilterSocket) throws(NFTablesError) -> [SetElement] {
        var elements: [SetElement] = []
        for set in sets {
            elements += try untilCalm { () throws(NFTablesError) in
                var part: [SetElement] = []
                do throws(NFTablesError) {
                    try self.dump(
                        &socket, NFT_MSG_GETSETELEM, family: NFPROTO_INET, table: self.table.name, set: set.name
                    ) { self.messages.decode($0, of: set, into: &part) }
                } catch {
                    if error.errno == ENOENT { return [] }
                    throw error
                }
                guard Self.isWhole(part) else { throw NFTablesError(operation: "dump", object: set.name, errno: EINTR) }
                return part
            }
        }
        return elements
    }

    /// Whether no key occurs twice. The kernel grows and shrinks a set's hash table in the background, after the
    /// transaction: a dump of several messages meanwhile gives some elements twice and leaves as many out, unannounced
    /// (net/netfilter/nft_set_hash.c, `nft_rhash_walk`: each message starts over and skips by count).
    private static func isWhole(_ elements: [SetElement]) -> Bool {
        elements.count < 32 || Set(elements.map(\.id)).count == elements.count
    }

    /// Repeats what another's transaction interrupts, less and less eagerly.
    func untilCalm<Value>(_ body: () throws(NFTablesError) -> Value) throws(NFTablesError) -> Value {
        for attempt in 0..<Self.attempts {
            do throws(NFTablesError) {
                return try body()
            } catch {
                guard error.errno == EINTR else { throw error }
                usleep(UInt32(min(attempt, 50)) * 100)
            }
        }
        throw NFTablesError(operation: "dump", object: table.name, errno: EINTR)
    }

    /// Asks for objects; `set` needs `table`.
    func dump(
        _ socket: inout NetfilterSocket, _ type: nf_tables_msg_types, family: Int, flags: Int32 = NLM_F_DUMP,
        table: String? = nil, set: String? = nil, each: (UnsafePointer<nlmsghdr>) -> Void
    ) throws(NFTablesError) {
        let sequence = socket.sequence()
        var request = [UInt8](repeating: 0, count: 1024)
        let length = request.withUnsafeMutableBytes { raw -> Int in
            guard let base = raw.baseAddress else { return 0 }
            let header = nftnl_nlmsg_build_hdr(
                base.assumingMemoryBound(to: CChar.self), UInt16(type.rawValue), UInt16(family), UInt16(flags),
                sequence)
            // NFTA_RULE_TABLE, NFTA_SET_TABLE and NFTA_SET_ELEM_LIST_TABLE are all 1, the latter's set is 2.
            if let table { mnl_attr_put_strz(header, UInt16(NFTA_SET_ELEM_LIST_TABLE.rawValue), table) }
            if let set { mnl_attr_put_strz(header, UInt16(NFTA_SET_ELEM_LIST_SET.rawValue), set) }
            return header.map { Int($0.pointee.nlmsg_len) } ?? 0
        }
        try socket.dump(Array(request.prefix(length)), sequence: sequence, each: each)
    }
}

/// Whether the chain is in the table: of all dumps with a table, only that of chains isn't filtered by the kernel.
private func belongs(_ message: UnsafePointer<nlmsghdr>, to table: String) -> Bool {
    attributes(of: message).contains { found in
        found.type == UInt16(NFTA_CHAIN_TABLE.rawValue) && found.bytes.dropLast().elementsEqual(table.utf8)
    }
}
