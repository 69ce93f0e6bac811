/// How Go would read JSON into a variable of a certain type: the type's name for refusals, and the reading itself.
public struct Shape<Value> {
    /// The Go type, as its name appears in refusals; what a pointer points to.
    public let goType: String
    /// The Go type as an element of an array or map: `*network.EndpointSettings`.
    let elementType: String
    /// Go's zero value, for elements and entries that are null or refused.
    let zero: (Reading) -> Value
    /// Reads one value after the other into the same variable; nil means it was never set, or set to nil last.
    let read: ([Occurrence], Reading) -> Value?

    init(
        goType: String, elementType: String? = nil, zero: @escaping (Reading) -> Value,
        read: @escaping ([Occurrence], Reading) -> Value?
    ) {
        self.goType = goType
        self.elementType = elementType ?? goType
        self.zero = zero
        self.read = read
    }

    /// A type that a single literal sets; null changes nothing, or makes a pointer nil.
    init(
        literal goType: String, isPointer: Bool = false, zero: Value,
        parse: @escaping (JSONValue) throws(LiteralFailure) -> Value
    ) {
        self.init(goType: goType, elementType: (isPointer ? "*" : "") + goType, zero: { _ in zero }) {
            occurrences, reading in
            var result: Value?
            for occurrence in occurrences {
                if occurrence.value == .null {
                    if isPointer { result = nil }
                    continue
                }
                do throws(LiteralFailure) {
                    result = try parse(occurrence.value)
                } catch {
                    switch error {
                    case .mismatch(let kind): reading.note(mismatch: kind, type: goType, at: occurrence.place)
                    case .refused(let message):
                        reading.context.note(refusal: JSONError(message), at: occurrence.place)
                    }
                }
            }
            return result
        }
    }
}

/// A value that the document gives for a variable. Duplicate keys make it several.
struct Occurrence {
    let value: JSONValue
    let place: Place
}

/// Which field is being read, and where its refusals go.
struct Reading {
    let context: DecodeContext
    var field = GoField()

    func note(mismatch kind: String, type: String, at place: Place) {
        context.note(mismatch: field.mismatch(kind, type: type), at: place)
    }
}

/// Why a literal can't be read.
enum LiteralFailure: Error {
    /// It is of the wrong kind, named as in Go's refusal: `string`, `number 1.5`.
    case mismatch(String)
    /// The type's own parser says no.
    case refused(String)
}
