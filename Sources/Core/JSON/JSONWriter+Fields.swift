/// Members of an object: a key known when this is compiled, and its value.
extension JSONWriter {
    /// A string, or null.
    public mutating func field(_ name: StaticString, _ text: String?) {
        key(name)
        value(text)
    }

    public mutating func field(_ name: StaticString, _ truth: Bool?) {
        key(name)
        value(truth)
    }

    public mutating func field(_ name: StaticString, _ number: (some BinaryInteger)?) {
        key(name)
        value(number)
    }

    public mutating func field(_ name: StaticString, _ json: JSONValue) {
        key(name)
        value(json)
    }

    /// A member that is null.
    public mutating func null(_ name: StaticString) {
        key(name)
        null()
    }

    /// An array of strings, or null.
    public mutating func field(_ name: StaticString, _ texts: [String]?) {
        key(name)
        value(texts)
    }

    /// A map of strings, sorted by key, or null.
    public mutating func field(_ name: StaticString, _ texts: [String: String]?) {
        key(name)
        value(texts)
    }

    /// An object whose members `body` writes.
    public mutating func object<Failure>(
        _ name: StaticString, _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        key(name)
        try object(body)
    }

    /// An array whose elements `body` writes.
    public mutating func array<Failure>(
        _ name: StaticString, _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        key(name)
        try array(body)
    }

    /// An array of what `body` writes for each element, one value.
    public mutating func array<Element>(
        _ name: StaticString, _ elements: some Sequence<Element>, _ body: (inout JSONWriter, Element) -> Void
    ) {
        array(name) { for element in elements { body(&$0, element) } }
    }

    /// A map of what `body` writes for each value, sorted by key.
    public mutating func map<Value>(
        _ name: StaticString, _ entries: [String: Value], _ body: (inout JSONWriter, Value) -> Void
    ) {
        key(name)
        map(entries, body)
    }
}

/// Arrays and maps as values.
extension JSONWriter {
    /// An array of strings, or null.
    public mutating func value(_ texts: [String]?) {
        guard let texts else { return null() }
        array { for text in texts { $0.value(text) } }
    }

    /// A map of strings, sorted by key, or null.
    public mutating func value(_ texts: [String: String]?) {
        guard let texts else { return null() }
        map(texts) { $0.value($1) }
    }

    /// A map of what `body` writes for each value, sorted by key.
    public mutating func map<Value>(_ entries: [String: Value], _ body: (inout JSONWriter, Value) -> Void) {
        object {
            for (name, value) in entries.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                $0.key(name)
                body(&$0, value)
            }
        }
    }
}

extension JSONValue {
    /// The value as compact JSON; objects keep the order of their members.
    public var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }
}
