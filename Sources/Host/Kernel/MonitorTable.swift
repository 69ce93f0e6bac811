/// What notifications of nf_tables say about our table.
struct MonitorTable: Sendable {
    /// With its final zero.
    private let name: [UInt8]
    private let ownPorts: Set<UInt32>

    /// - Parameters:
    ///   - name: the table's, in the family inet.
    ///   - ownPorts: the numbers of the connections that change it on our behalf.
    init(name: String, ownPorts: Set<UInt32>) {
        self.name = Array(name.utf8) + [0]
        self.ownPorts = ownPorts
    }

    /// Adds what a message calls for to a hint. It is a nfgenmsg, then attributes of which the first kind is always the
    /// table's name; the last of a transaction is NFT_MSG_NEWGEN, with who did it. `isTouched` is kept between messages:
    /// whether the transaction is about our table.
    func take(
        _ header: MonitorSocket.Header, _ payload: UnsafeRawBufferPointer, _ isTouched: inout Bool,
        into hint: inout DriftHint
    ) {
        guard header.namespace == nil, header.type >> 8 == 10, payload.count >= 4 else { return }
        guard !ownPorts.contains(header.sender) else { return }
        let attributes = RawAttributes(UnsafeRawBufferPointer(rebasing: payload[4...]))
        if header.type & 0xFF == 15 {
            guard isTouched else { return }
            isTouched = false
            if let suspect = suspect(attributes) { hint.tableSuspects.insert(suspect) }
            return
        }
        // NFPROTO_INET
        guard payload[0] == 1 else { return }
        for (type, value) in attributes where type == 1 && value.elementsEqual(name) {
            hint.table = true
            isTouched = true
        }
    }

    private func suspect(_ attributes: RawAttributes) -> String? {
        var process: UInt32 = 0
        var name = ""
        for (type, value) in attributes {
            switch type {
            case 2 where value.count == 4: process = UInt32(bigEndian: value.loadUnaligned(as: UInt32.self))
            case 3: name = String(decoding: value.prefix { $0 != 0 }, as: UTF8.self)
            default: break
            }
        }
        return name.isEmpty ? nil : "\(name) (process \(process))"
    }
}
