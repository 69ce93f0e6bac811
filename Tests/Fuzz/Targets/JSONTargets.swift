import JSON

extension FuzzTarget {
    /// JSON text: what is read can be written and read again as the same.
    static let json = FuzzTarget("json") { input in
        let bytes = Array(input)
        let whole = accepted { () throws(JSONError) in try JSON.parse(bytes) }
        let first = accepted { () throws(JSONError) in try JSON.parseFirst(bytes) }
        if let first {
            require(first.end <= bytes.count, "the value ends behind the text")
            _ = JSON.hasMore(bytes, from: first.end)
        }
        guard let whole else { return }
        require(first?.value == whole, "both ways of reading differ")
        let again = accepted { () throws(JSONError) in try JSON.parse(whole.bytes) }
        require(again == whole, "written and read again, it is another value")
    }
}
