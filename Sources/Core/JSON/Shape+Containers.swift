extension Shape {
    /// A Go struct: `body` reads its fields. With several occurrences, later ones are read over the earlier.
    public static func object(_ goType: String, body: @escaping (StructReader) -> Value) -> Shape {
        func read(_ occurrences: [Occurrence], _ reading: Reading) -> Value? {
            let sources = occurrences.compactMap { occurrence -> StructReader.Source? in
                switch occurrence.value {
                case .object(let object): return StructReader.Source(object: object, place: occurrence.place)
                case .null: return nil
                default:
                    reading.note(mismatch: occurrence.value.goKind, type: goType, at: occurrence.place)
                    return nil
                }
            }
            return sources.isEmpty ? nil : body(StructReader(sources: sources, goType: goType, reading: reading))
        }
        return Shape(
            goType: goType,
            zero: { body(StructReader(sources: [], goType: goType, reading: $0)) }, read: read)
    }

    /// A pointer to what the other shape reads: null makes it nil, and what comes after starts afresh.
    public static func pointer<Pointee>(_ pointee: Shape<Pointee>) -> Shape where Value == Pointee? {
        Shape(
            goType: pointee.goType, elementType: "*" + pointee.elementType, zero: { _ in nil },
            read: { occurrences, reading in
                // What a null makes void is read all the same: its refusals count.
                let runs = occurrences.split(omittingEmptySubsequences: false) { $0.value == .null }
                let results = runs.map { pointee.read(Array($0), reading) }
                return results.last.map { .some($0) } ?? nil
            })
    }

    /// A Go slice. An array given twice is read over the first one, element by element.
    public static func array<Element>(of element: Shape<Element>) -> Shape where Value == [Element] {
        let goType = "[]" + element.elementType
        func read(_ occurrences: [Occurrence], _ reading: Reading) -> [Element]? {
            var slots: [[Occurrence]] = []
            var count: Int?
            for occurrence in occurrences {
                switch occurrence.value {
                case .null: count = nil
                case .array(let values):
                    count = values.count
                    for (index, value) in values.enumerated() {
                        if index == slots.count { slots.append([]) }
                        slots[index].append(Occurrence(value: value, place: occurrence.place.child(index)))
                    }
                default: reading.note(mismatch: occurrence.value.goKind, type: goType, at: occurrence.place)
                }
            }
            let elements = slots.map { element.read($0, reading) ?? element.zero(reading) }
            return count.map { Array(elements.prefix($0)) }
        }
        return Shape(goType: goType, zero: { _ in [] }, read: read)
    }

    /// A Go map with string keys, as entries in document order (Go's own order is random). A key given twice has its
    /// last value.
    public static func map<Entry>(
        of entry: Shape<Entry>, keyType: String = "string",
        checkingKeys check: @escaping (String) throws -> Void = { _ in }
    ) -> Shape where Value == [JSONEntry<Entry>] {
        let goType = "map[\(keyType)]" + entry.elementType
        func read(_ occurrences: [Occurrence], _ reading: Reading) -> [JSONEntry<Entry>]? {
            var entries: [JSONEntry<Entry>]?
            var positions: [String: Int] = [:]
            for occurrence in occurrences {
                switch occurrence.value {
                case .null:
                    entries = nil
                    positions = [:]
                case .object(let object):
                    var merged = entries ?? []
                    for (index, member) in object.members.enumerated() {
                        let place = occurrence.place.child(index)
                        let value = entry.read([Occurrence(value: member.value, place: place)], reading)
                        do {
                            try check(member.key)
                        } catch {
                            // Go looks at the key after the value.
                            reading.context.note(refusal: JSONError("\(error)"), at: place.child(.max))
                        }
                        let new = JSONEntry(key: member.key, value: value ?? entry.zero(reading))
                        if let position = positions[member.key] {
                            merged[position] = new
                        } else {
                            positions[member.key] = merged.count
                            merged.append(new)
                        }
                    }
                    entries = merged
                default: reading.note(mismatch: occurrence.value.goKind, type: goType, at: occurrence.place)
                }
            }
            return entries
        }
        return Shape(goType: goType, zero: { _ in [] }, read: read)
    }
}

/// An entry of a map that was read.
public struct JSONEntry<Value> {
    public let key: String
    public let value: Value

    public init(key: String, value: Value) {
        self.key = key
        self.value = value
    }
}

extension JSONEntry: Equatable where Value: Equatable {}
extension JSONEntry: Sendable where Value: Sendable {}
