import Glibc
import JSON

/// dockerd's `daemon.json`: what it says, by key.
struct ConfigurationFile: Equatable {
    let path: String
    /// What Fairlead acts on.
    private(set) var directives: [String: JSONValue] = [:]
    /// About keys that change nothing.
    private(set) var warnings: [String] = []

    /// Reads a file; `isRequired` says whether it is an error that there is none. Throws what is wrong, and where.
    init(path: String, isRequired: Bool) throws(ConfigurationError) {
        let contents: [UInt8]?
        do throws(TextFileError) {
            contents = try TextFile.read(path)
        } catch {
            throw ConfigurationError("\(path): \(error)")
        }
        guard let contents else {
            if isRequired { throw ConfigurationError("\(path): no such file") }
            self = ConfigurationFile(absent: path)
            return
        }
        try self.init(path: path, contents: contents)
    }

    init(path: String, contents: [UInt8]) throws(ConfigurationError) {
        self.path = path
        let text = contents.starts(with: Self.byteOrderMark) ? Array(contents.dropFirst(3)) : contents
        let document: JSONValue
        do throws(JSONError) {
            document = try JSON.parse(text)
        } catch {
            let place = JSON.refusalPlace(in: text).map { ", line \($0.line), column \($0.column)" } ?? ""
            throw ConfigurationError("\(path)\(place): \(error)")
        }
        guard case .object(let object) = document else {
            throw ConfigurationError("\(path): a JSON object is expected")
        }
        for member in object.members { try take(member) }
    }

    private init(absent path: String) {
        self.path = path
    }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private mutating func take(_ member: JSONObject.Member) throws(ConfigurationError) {
        if let directive = Directive.byKey[member.key] {
            // A null leaves the default, as in dockerd.
            directives[member.key] = member.value == .null ? nil : member.value
            if let problem = directive.kind.problem(with: member.value) {
                throw ConfigurationError("\(path): \(member.key): \(problem)")
            }
            return
        }
        guard let foreign = ForeignDirective.byKey[member.key] else {
            throw ConfigurationError("\(path): \(member.key): \(Self.reason(for: member.key))")
        }
        do throws(ConfigurationError) {
            warnings.append("\(path): \(try foreign.judge(member.value.flagText, name: member.key))")
        } catch {
            throw ConfigurationError("\(path): \(error)")
        }
    }

    /// Why a key is refused that is no directive; a flag's name is a likely mistake.
    private static func reason(for key: String) -> String {
        if let directive = Directive.byFlag[key] { return "in the file, --\(key) is called \(directive.key)" }
        return "neither Fairlead nor dockerd knows it"
    }
}

extension Directive.Kind {
    /// What is wrong with a value from the file; nil when nothing is.
    func problem(with value: JSONValue) -> String? {
        switch (self, value) {
        case (_, .null), (.boolean, .bool), (.text, .string): return nil
        case (.boolean, _): return "expected true or false"
        case (.text, _): return "expected a string"
        case (.number, .number(let text)) where Int(text) != nil: return nil
        case (.number, _): return "expected a whole number"
        case (.list, .array(let values)) where values.allSatisfy(\.isString): return nil
        case (.list, _): return "expected an array of strings"
        case (.pools, .array(let values)) where values.allSatisfy(\.isPool): return nil
        case (.pools, _): return "expected an array of objects with the members base (a string) and size (a number)"
        case (.driverOptions, .object(let drivers)) where drivers.members.allSatisfy(\.value.isStringMap): return nil
        case (.driverOptions, _): return "expected an object of objects of strings"
        }
    }
}

extension JSONValue {
    fileprivate var isString: Bool {
        if case .string = self { true } else { false }
    }

    fileprivate var isStringMap: Bool {
        guard case .object(let object) = self else { return false }
        return object.members.allSatisfy(\.value.isString)
    }

    fileprivate var isPool: Bool {
        guard case .object(let object) = self, case .string? = object["base"], case .number(let size)? = object["size"]
        else { return false }
        return object.members.allSatisfy { ["base", "size"].contains($0.key) } && Int(size) != nil
    }

    /// The value as Go's `%v` would print the directive: what dockerd's conflict error shows.
    var flagText: String {
        switch self {
        case .null: ""
        case .bool(let truth): "\(truth)"
        case .number(let text), .string(let text): text
        case .array(let values): "[" + values.map(\.flagText).joined(separator: " ") + "]"
        case .object(let object):
            "map[" + object.members.map { "\($0.key):\($0.value.flagText)" }.joined(separator: " ") + "]"
        }
    }
}
