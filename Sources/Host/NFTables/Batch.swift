import CNFTables
import Dataplane

/// Messages for one transaction: all of them take effect, or none.
struct Batch {
    /// What a message does, for the error.
    enum Label {
        case object(operation: String, name: String)
        /// The changes whose elements the message has, in order.
        case elements(operation: String, [ElementChange])
    }

    private(set) var bytes: [UInt8] = []
    private var labels: [Label] = []
    private var starts: [Int] = []
    private let first: UInt32

    /// - Parameters:
    ///   - sequence: the first of the numbers that the messages get.
    ///   - generation: if the ruleset is not of this generation any more, all is refused with ERESTART.
    init(sequence: UInt32, generation: UInt32? = nil) {
        first = sequence
        append(room: 64) { buffer in
            let header = nftnl_batch_begin(buffer, sequence)
            if let generation { mnl_attr_put_u32(header, UInt16(NFNL_BATCH_GENID.rawValue), generation.bigEndian) }
            return header
        }
    }

    var isEmpty: Bool { labels.isEmpty }

    /// The batch's own header stands for what the kernel refuses as a whole.
    var firstSequence: UInt32 { first }
    var lastSequence: UInt32 { first &+ UInt32(labels.count) }

    /// Adds a message of the family `inet`; `build` writes its attributes, which take `room` bytes at most.
    mutating func add(
        _ type: nf_tables_msg_types, flags: Int32 = 0, room: Int, label: Label,
        build: (UnsafeMutablePointer<nlmsghdr>) -> Void
    ) {
        labels.append(label)
        let sequence = lastSequence
        append(room: room + 64) { buffer in
            let header = nftnl_nlmsg_build_hdr(
                buffer, UInt16(type.rawValue), UInt16(NFPROTO_INET), UInt16(flags), sequence)
            if let header { build(header) }
            return header
        }
    }

    /// Asks for an acknowledgement of the last message, and closes the batch.
    mutating func finish() {
        guard let last = starts.last else { return }
        bytes.withUnsafeMutableBytes { raw in
            let flags = raw.load(fromByteOffset: last + 6, as: UInt16.self)
            raw.storeBytes(of: flags | UInt16(NLM_F_ACK), toByteOffset: last + 6, as: UInt16.self)
        }
        let sequence = lastSequence &+ 1
        append(room: 64) { nftnl_batch_end($0, sequence) }
    }

    /// What the first message does, and how many there are besides.
    var summary: String {
        guard let label = labels.first else { return "nothing" }
        let text =
            switch label {
            case .object(let operation, let name): "\(operation) \(name)"
            case .elements(let operation, let changes):
                "\(operation) \(changes.first?.element.name ?? "") and \(changes.count - 1) more"
            }
        return labels.count > 1 ? "\(text), and \(labels.count - 1) messages more" : text
    }

    /// What the refused message was about; nil: the batch as a whole.
    func label(_ refusal: Refusal) -> Label? {
        let index = Int(refusal.sequence &- first) - 1
        return labels.indices.contains(index) ? labels[index] : nil
    }

    /// Which of the message's elements the kernel's offset points at.
    func elementIndex(_ refusal: Refusal) -> Int? {
        let index = Int(refusal.sequence &- first)
        guard refusal.offset > 0, starts.indices.contains(index) else { return nil }
        return bytes.withUnsafeBytes { raw in
            let start = starts[index]
            let end = start + Int(raw.loadUnaligned(fromByteOffset: start, as: UInt32.self))
            for list in attributes(raw, start + 20..<end)
            where list.type == UInt16(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue) {
                let offset = start + refusal.offset
                return attributes(raw, list.content).firstIndex {
                    $0.content.lowerBound - 4 <= offset && offset < $0.content.upperBound
                }
            }
            return nil
        }
    }

    private func attributes(_ raw: UnsafeRawBufferPointer, _ range: Range<Int>) -> [(type: UInt16, content: Range<Int>)]
    {
        var found: [(type: UInt16, content: Range<Int>)] = []
        var place = range.lowerBound
        while place + 4 <= range.upperBound {
            let size = Int(raw.loadUnaligned(fromByteOffset: place, as: UInt16.self))
            guard size >= 4, place + size <= range.upperBound else { break }
            let type = raw.loadUnaligned(fromByteOffset: place + 2, as: UInt16.self) & 0x3FFF
            found.append((type, place + 4..<place + size))
            place += (size + 3) & ~3
        }
        return found
    }

    private mutating func append(room: Int, build: (UnsafeMutablePointer<CChar>) -> UnsafeMutablePointer<nlmsghdr>?) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: room))
        let length = bytes.withUnsafeMutableBytes { raw -> Int in
            guard let base = raw.baseAddress else { return 0 }
            let header = build((base + start).assumingMemoryBound(to: CChar.self))
            return header.map { Int($0.pointee.nlmsg_len + 3) & ~3 } ?? 0
        }
        precondition(length <= room, "a message is longer than the room it was given")
        bytes.removeLast(room - length)
        starts.append(start)
    }
}
