import JSON

/// Fields of a create request that ask for what isn't built. They are refused by name, but only where they differ from
/// what clients send when their user asked for nothing (docker CLI 20.10 to 28, compose, docker-py).
struct UnbuiltFields {
    private let reader: StructReader
    private(set) var asked: [String] = []

    init(_ reader: StructReader) { self.reader = reader }

    /// A boolean that must stay false.
    mutating func flag(_ names: String...) {
        for name in names where reader.bool(name, isPointer: true) == true { asked.append(name) }
    }

    /// A string that must be empty, or one that means the same.
    mutating func text(_ name: String, same: Set<String> = []) {
        guard let text = reader.string(name), !text.isEmpty, !same.contains(text) else { return }
        asked.append(name)
    }

    /// A number that must be 0, or one that means the same.
    mutating func number(_ name: String, _ goType: String = "int64", same: Set<Int64> = []) {
        guard let number = reader.integer(name, goType: goType, isPointer: true, as: Int64.self), number != 0,
            !same.contains(number)
        else { return }
        asked.append(name)
    }

    /// An array of strings that must be empty.
    mutating func strings(_ names: String...) {
        for name in names where reader.stringArray(name)?.isEmpty == false { asked.append(name) }
    }

    /// An array of anything that must be empty.
    mutating func list(_ names: String...) {
        for name in names where reader.read(name, .array(of: .any))?.isEmpty == false { asked.append(name) }
    }

    /// A map that must be empty.
    mutating func map(_ names: String...) {
        for name in names where reader.read(name, .map(of: .any))?.isEmpty == false { asked.append(name) }
    }
}
