/// Reads the fields of a Go struct from a JSON object as `encoding/json` would: keys match whatever their case, the last
/// of several wins, null leaves a field alone, unknown keys don't matter. Refusals go to the context.
public struct StructReader {
    /// An object that is read into the struct; duplicate keys around it make it several.
    struct Source {
        let object: JSONObject
        let place: Place
    }

    private let sources: [Source]
    private let reading: Reading
    private let structName: String

    /// Reads a document into a struct of the Go type, such as `network.CreateRequest`. A document of another kind than
    /// object is noted as a mismatch, and all fields are absent then.
    public init(_ document: JSONValue, goType: String, context: DecodeContext) {
        let reading = Reading(context: context)
        var sources: [Source] = []
        switch document {
        case .object(let object): sources = [Source(object: object, place: Place())]
        case .null: break
        default: reading.note(mismatch: document.goKind, type: goType, at: Place())
        }
        self.init(sources: sources, goType: goType, reading: reading)
    }

    init(sources: [Source], goType: String, reading: Reading) {
        self.sources = sources
        self.reading = reading
        structName = goType.split(separator: ".").last.map(String.init) ?? goType
    }

    private init(embedding field: String, in outer: StructReader) {
        sources = outer.sources
        structName = outer.structName
        var inner = outer.reading
        inner.field.path.append(field)
        reading = inner
    }

    /// The fields of a struct embedded in this one: they are members of the same object, but refusals name the
    /// embedded struct in their path.
    public func embedded(_ field: String) -> StructReader { StructReader(embedding: field, in: self) }

    /// Whether the document has the field, null or not.
    public func has(_ name: String) -> Bool {
        sources.contains { $0.object.members.contains { keysFold($0.key, name) } }
    }

    /// The field of this name; nil where the document leaves it at its default.
    public func read<Value>(_ name: String, _ shape: Shape<Value>) -> Value? {
        var occurrences: [Occurrence] = []
        for source in sources {
            for (index, member) in source.object.members.enumerated() where keysFold(member.key, name) {
                occurrences.append(Occurrence(value: member.value, place: source.place.child(index)))
            }
        }
        if occurrences.isEmpty { return nil }
        var inner = reading
        inner.field.structName = structName
        inner.field.path.append(name)
        return shape.read(occurrences, inner)
    }
}

/// Whether Go takes the key for the field's name: equal but for case. Of the letters outside ASCII that fold to one
/// inside, there are two: the long s and the Kelvin sign. Field names are ASCII.
private func keysFold(_ key: String, _ name: String) -> Bool {
    if key == name { return true }
    var expected = name.utf8.makeIterator()
    for scalar in key.unicodeScalars {
        let folded: UInt32 =
            switch scalar.value {
            case 0x61...0x7A: scalar.value - 0x20
            case 0x17F: 0x53
            case 0x212A: 0x4B
            default: scalar.value
            }
        guard let byte = expected.next() else { return false }
        guard folded == UInt32((0x61...0x7A).contains(byte) ? byte - 0x20 : byte) else { return false }
    }
    return expected.next() == nil
}
