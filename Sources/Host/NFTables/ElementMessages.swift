import CNFTables
import Dataplane
import Firewall
import Glibc

/// Element changes as messages, and dumped messages as elements.
struct ElementMessages {
    private let table: String
    private let sets: [String: SetSpec]
    /// A message has at most so many elements: the list's length is 16 bits (nlattr).
    private static let chunk = 80
    /// The most bytes that an element takes: key, data with a chain's name, comment, and their headers.
    private static let room = 700

    init(_ spec: TableSpec) {
        table = spec.name
        sets = Dictionary(spec.sets.map { ($0.name, $0) }) { first, _ in first }
    }

    /// Adds messages to the batch: what goes first, set by set, then what comes.
    ///
    /// - Precondition: no key occurs twice in `changes`.
    func add(_ changes: [ElementChange], to batch: inout Batch) throws(NFTablesError) {
        for isRemoval in [true, false] {
            var order: [String] = []
            var bySet: [String: [ElementChange]] = [:]
            for change in changes where isRemoval ? change.removes : change.adds {
                let set = change.element.id.set
                if bySet[set] == nil { order.append(set) }
                bySet[set, default: []].append(change)
            }
            for set in order {
                var rest = bySet[set, default: []][...]
                while !rest.isEmpty {
                    try add(Array(rest.prefix(Self.chunk)), removing: isRemoval, set: set, to: &batch)
                    rest = rest.dropFirst(Self.chunk)
                }
            }
        }
    }

    private func add(
        _ changes: [ElementChange], removing: Bool, set name: String, to batch: inout Batch
    ) throws(NFTablesError) {
        let operation = removing ? "delete element" : "add element"
        guard let list = nftnl_set_alloc() else {
            throw NFTablesError(operation: operation, object: name, errno: ENOMEM)
        }
        defer { nftnl_set_free(list) }
        nftnl_set_set_str(list, UInt16(NFTNL_SET_TABLE.rawValue), table)
        nftnl_set_set_str(list, UInt16(NFTNL_SET_NAME.rawValue), name)
        var bytes: [UInt8] = []
        for change in changes {
            let element = if removing, case .replace(let old, by: _) = change { old } else { change.element }
            guard let spec = sets[name], let item = encode(element, spec, keyOnly: removing, &bytes) else {
                throw NFTablesError(operation: operation, object: element.name, errno: EINVAL)
            }
            nftnl_set_elem_add(list, item)
        }
        batch.add(
            removing ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM, flags: removing ? 0 : Int32(NLM_F_CREATE),
            room: 1024 + changes.count * Self.room, label: .elements(operation: operation, changes)
        ) { nftnl_set_elems_nlmsg_build_payload($0, list) }
    }

    /// Nil when the fields don't fit the set.
    private func encode(
        _ element: SetElement, _ spec: SetSpec, keyOnly: Bool, _ bytes: inout [UInt8]
    ) -> OpaquePointer? {
        bytes.removeAll(keepingCapacity: true)
        guard FieldCoding.encode(element.id.key, as: spec.key, into: &bytes), let item = nftnl_set_elem_alloc() else {
            return nil
        }
        nftnl_set_elem_set(item, UInt16(NFTNL_SET_ELEM_KEY), bytes, UInt32(bytes.count))
        if keyOnly { return item }
        guard encode(element.value, spec, item, &bytes) else {
            nftnl_set_elem_free(item)
            return nil
        }
        if !element.comment.isEmpty {
            let comment = CommentCoding.encode(element.comment)
            nftnl_set_elem_set(item, UInt16(NFTNL_SET_ELEM_USERDATA), comment, UInt32(comment.count))
        }
        return item
    }

    private func encode(
        _ value: SetElement.Value?, _ spec: SetSpec, _ item: OpaquePointer, _ bytes: inout [UInt8]
    ) -> Bool {
        switch (value, spec.data) {
        case (nil, nil): return true
        case (.verdict(let verdict), .verdict):
            let code: Int32
            switch verdict {
            case .accept: code = Int32(NF_ACCEPT)
            case .drop: code = Int32(NF_DROP)
            case .goto(let chain):
                code = NFT_GOTO.rawValue
                nftnl_set_elem_set_str(item, UInt16(NFTNL_SET_ELEM_CHAIN), chain)
            }
            nftnl_set_elem_set_u32(item, UInt16(NFTNL_SET_ELEM_VERDICT), UInt32(bitPattern: code))
            return true
        case (.fields(let fields), .fields(let types)):
            bytes.removeAll(keepingCapacity: true)
            guard FieldCoding.encode(fields, as: types, into: &bytes) else { return false }
            nftnl_set_elem_set(item, UInt16(NFTNL_SET_ELEM_DATA), bytes, UInt32(bytes.count))
            return true
        default: return false
        }
    }

    /// Appends the elements of one dumped message. A value that no `SetElement` can have is given as nil, so that the
    /// element is seen, differs from any desired one, and can be replaced or removed by its key.
    func decode(_ message: UnsafePointer<nlmsghdr>, of spec: SetSpec, into elements: inout [SetElement]) {
        guard let list = nftnl_set_alloc() else { return }
        defer { nftnl_set_free(list) }
        guard NetfilterExpressions.areNamed(in: message), nftnl_set_elems_nlmsg_parse(message, list) >= 0,
            let items = nftnl_set_elems_iter_create(list)
        else { return }
        defer { nftnl_set_elems_iter_destroy(items) }
        while let item = nftnl_set_elems_iter_next(items) {
            guard let key = data(item, NFTNL_SET_ELEM_KEY), let fields = FieldCoding.decode(key, as: spec.key) else {
                continue
            }
            var length: UInt32 = 0
            let comment = nftnl_set_elem_get(item, UInt16(NFTNL_SET_ELEM_USERDATA), &length)
            elements.append(
                SetElement(
                    spec.name, fields, value: value(item, spec), comment: CommentCoding.decode(comment, length)))
        }
    }

    private func value(_ item: OpaquePointer, _ spec: SetSpec) -> SetElement.Value? {
        switch spec.data {
        case nil: return nil
        case .fields(let types):
            return data(item, NFTNL_SET_ELEM_DATA).flatMap { FieldCoding.decode($0, as: types) }.map { .fields($0) }
        case .verdict:
            switch Int32(bitPattern: nftnl_set_elem_get_u32(item, UInt16(NFTNL_SET_ELEM_VERDICT))) {
            case Int32(NF_ACCEPT): return .verdict(.accept)
            case Int32(NF_DROP): return .verdict(.drop)
            case NFT_GOTO.rawValue:
                guard let chain = nftnl_set_elem_get_str(item, UInt16(NFTNL_SET_ELEM_CHAIN)) else { return nil }
                return .verdict(.goto(String(cString: chain)))
            default: return nil
            }
        }
    }

    private func data(_ item: OpaquePointer, _ attribute: Int) -> UnsafeRawBufferPointer? {
        var length: UInt32 = 0
        guard let pointer = nftnl_set_elem_get(item, UInt16(attribute), &length) else { return nil }
        return UnsafeRawBufferPointer(start: pointer, count: Int(length))
    }
}

extension ElementChange {
    fileprivate var removes: Bool { if case .add = self { false } else { true } }
    fileprivate var adds: Bool { if case .remove = self { false } else { true } }
}
