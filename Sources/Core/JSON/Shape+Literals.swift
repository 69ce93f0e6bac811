extension Shape where Value == String {
    /// Go's `string`.
    public static var string: Shape { .string() }

    /// A Go type whose kind is string, such as `network.IPAMConfigScope`.
    public static func string(_ goType: String = "string", isPointer: Bool = false) -> Shape {
        Shape(literal: goType, isPointer: isPointer, zero: "") { value throws(LiteralFailure) in
            guard case .string(let text) = value else { throw .mismatch(value.goKind) }
            return text
        }
    }
}

extension Shape where Value == Bool {
    /// Go's `bool`.
    public static var bool: Shape { .bool() }

    /// Go's `bool`, or a pointer to one, which a later null sets back to nil.
    public static func bool(isPointer: Bool = false) -> Shape {
        Shape(literal: "bool", isPointer: isPointer, zero: false) { value throws(LiteralFailure) in
            guard case .bool(let truth) = value else { throw .mismatch(value.goKind) }
            return truth
        }
    }
}

extension Shape where Value: FixedWidthInteger {
    /// A Go integer of the same width; the literal must be one without fraction and exponent.
    public static func integer(_ goType: String, isPointer: Bool = false) -> Shape {
        Shape(literal: goType, isPointer: isPointer, zero: 0) { value throws(LiteralFailure) in
            guard case .number(let literal) = value else { throw .mismatch(value.goKind) }
            // Go's ParseUint takes no sign at all, Swift's initializer a -0.
            let isSignRefused = !Value.isSigned && literal.utf8.first == UInt8(ascii: "-")
            guard !isSignRefused, let number = Value(literal) else { throw .mismatch("number \(literal)") }
            return number
        }
    }
}

extension Shape where Value == Double {
    /// Go's `float64`.
    public static var float: Shape {
        Shape(literal: "float64", zero: 0) { value throws(LiteralFailure) in
            guard case .number(let literal) = value else { throw .mismatch(value.goKind) }
            guard let number = Double(literal), number.isFinite else { throw .mismatch("number \(literal)") }
            return number
        }
    }
}

extension Shape where Value == JSONValue {
    /// Go's `any`: whatever is there, as it is.
    public static var any: Shape {
        Shape(literal: "interface {}", isPointer: true, zero: .null) { value throws(LiteralFailure) in value }
    }
}

extension Shape {
    /// A Go type with an `UnmarshalText`, such as `netip.Addr`: a string that `parse` understands. Its zero value is nil
    /// here, and what the empty string stands for.
    public static func text<Parsed>(
        _ goType: String, isPointer: Bool = false, parse: @escaping (String) throws -> Parsed
    ) -> Shape where Value == Parsed? {
        Shape<Parsed?>(literal: goType, isPointer: isPointer, zero: nil) { value throws(LiteralFailure) -> Parsed? in
            guard case .string(let text) = value else { throw .mismatch(value.goKind) }
            if text.isEmpty { return nil }
            do {
                return try parse(text)
            } catch {
                throw .refused("\(error)")
            }
        }
    }

    /// A Go type with an `UnmarshalJSON`: anything that `parse` understands. What it throws ends the reading.
    public static func custom(
        _ goType: String, zero: Value, parse: @escaping (JSONValue) throws -> Value
    ) -> Shape {
        Shape(literal: goType, zero: zero) { value throws(LiteralFailure) in
            do {
                return try parse(value)
            } catch {
                throw .refused("\(error)")
            }
        }
    }
}
