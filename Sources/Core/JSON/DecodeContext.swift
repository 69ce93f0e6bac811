/// The refusals met while one JSON document is read into structs, of which the client is told one.
///
/// Go reads members in document order, keeps the first type mismatch and goes on, but stops at the first text that a
/// field's own parser refuses. We read in the order of our code, so each refusal is noted with its place in the document.
public final class DecodeContext {
    private var mismatch: (place: Place, error: JSONError)?
    private var refusal: (place: Place, error: JSONError)?

    public init() {}

    /// - Throws: The refusal Go would have ended with: the first text refused, else the first mismatch, both in document
    ///   order.
    public func finish() throws(JSONError) {
        if let error = (refusal ?? mismatch)?.error { throw error }
    }

    func note(mismatch error: JSONError, at place: Place) {
        if let earlier = mismatch, !(place < earlier.place) { return }
        mismatch = (place, error)
    }

    func note(refusal error: JSONError, at place: Place) {
        if let earlier = refusal, !(place < earlier.place) { return }
        refusal = (place, error)
    }
}

/// Where in the document a value is: the index of the member or element on each level.
struct Place: Comparable {
    var indexes: [Int] = []

    func child(_ index: Int) -> Place { Place(indexes: indexes + [index]) }

    static func < (left: Place, right: Place) -> Bool { left.indexes.lexicographicallyPrecedes(right.indexes) }
}

/// The Go field that values are being read into, for the texts of mismatches.
struct GoField {
    /// The innermost struct's name; empty outside of any.
    var structName = ""
    /// The fields from the outermost struct down.
    var path: [String] = []

    func mismatch(_ kind: String, type: String) -> JSONError {
        let target = path.isEmpty ? "Go value" : "Go struct field \(structName).\(path.joined(separator: "."))"
        return JSONError("json: cannot unmarshal \(kind) into \(target) of type \(type)")
    }
}
