/// The usual types of fields.
extension StructReader {
    /// Go's `string`, or a Go type of its own whose kind is string.
    public func string(_ name: String, goType: String = "string") -> String? { read(name, .string(goType)) }

    /// Go's `bool`, or a `*bool`, which a later null sets back to nil.
    public func bool(_ name: String, isPointer: Bool = false) -> Bool? { read(name, .bool(isPointer: isPointer)) }

    /// Go's `int`, 64 bits.
    public func int(_ name: String, isPointer: Bool = false) -> Int? {
        read(name, .integer("int", isPointer: isPointer))
    }

    /// An integer of another Go type, whose range is `Value`'s.
    public func integer<Value: FixedWidthInteger>(
        _ name: String, goType: String, isPointer: Bool = false, as type: Value.Type = Value.self
    ) -> Value? {
        read(name, .integer(goType, isPointer: isPointer))
    }

    /// `[]string`; a null element is the empty string.
    public func stringArray(_ name: String) -> [String]? { read(name, .array(of: .string)) }

    /// `map[string]string`; a null value is the empty string.
    public func stringMap(_ name: String) -> [String: String]? {
        read(name, .map(of: .string)).map { Dictionary($0.map { ($0.key, $0.value) }) { $1 } }
    }

    /// A field whose Go type parses text, such as `netip.Prefix`; nil also for the empty string. What `parse` throws ends
    /// up as the refusal of the whole document.
    public func text<Value>(
        _ name: String, goType: String, isPointer: Bool = false, parse: @escaping (String) throws -> Value
    ) -> Value? {
        read(name, .text(goType, isPointer: isPointer, parse: parse)) ?? nil
    }

    /// An array of such; nil for an empty string or null in it.
    public func textArray<Value>(
        _ name: String, goType: String, parse: @escaping (String) throws -> Value
    ) -> [Value?]? {
        read(name, .array(of: .text(goType, parse: parse)))
    }

    /// A map to such, in document order; nil for an empty string or null in it.
    public func textMap<Value>(
        _ name: String, goType: String, parse: @escaping (String) throws -> Value
    ) -> [JSONEntry<Value?>]? {
        read(name, .map(of: .text(goType, parse: parse)))
    }

    /// A struct, by pointer unless said otherwise: nil where it is absent, or null.
    public func object<Value>(
        _ name: String, as goType: String, isPointer: Bool = true, body: @escaping (StructReader) -> Value
    ) -> Value? {
        let shape = Shape<Value>.object(goType, body: body)
        return isPointer ? read(name, .pointer(shape)) ?? nil : read(name, shape)
    }

    /// An array of structs; a null element is a struct with all fields absent.
    public func objectArray<Value>(
        _ name: String, of goType: String, body: @escaping (StructReader) -> Value
    ) -> [Value]? {
        read(name, .array(of: .object(goType, body: body)))
    }

    /// A map to pointers to structs, in document order; nil where null was given.
    public func objectMap<Value>(
        _ name: String, of goType: String, body: @escaping (StructReader) -> Value
    ) -> [JSONEntry<Value?>]? {
        read(name, .map(of: .pointer(.object(goType, body: body))))
    }
}
