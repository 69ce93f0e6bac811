import FoundationEssentials
import Glibc
import Testing

/// What `swift package dump-package` says about this package.
struct PackageDescription: Decodable {
    struct Target: Decodable {
        struct Dependency: Decodable {
            let name: String
            let isProduct: Bool

            private struct Key: CodingKey {
                let stringValue: String
                var intValue: Int? { nil }
                init(stringValue: String) { self.stringValue = stringValue }
                init?(intValue: Int) { nil }
            }

            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: Key.self)
                let kind = try #require(container.allKeys.first)
                var parts = try container.nestedUnkeyedContainer(forKey: kind)
                name = try parts.decode(String.self)
                isProduct = kind.stringValue == "product"
            }
        }

        let name: String
        let type: String
        let path: String
        let dependencies: [Dependency]

        /// `Core`, `Host`, `Service`, `API`, `C`, or nil for the command and the tests.
        var layer: String? {
            let parts = path.split(separator: "/")
            return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
        }

        var isSwift: Bool { layer != "C" }
        var targetNames: [String] { dependencies.filter { !$0.isProduct }.map(\.name) }
        var productNames: [String] { dependencies.filter(\.isProduct).map(\.name) }
    }

    let targets: [Target]

    /// The package's folder, found from this file's place in it.
    static let root: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        return parts.joined(separator: "/")
    }()

    /// Read once; into a scratch folder of its own, since `swift test` holds the lock of the usual one.
    static let current = Result { try load() }

    func target(_ name: String) -> Target? { targets.first { $0.name == name } }

    private static func load() throws -> PackageDescription {
        let scratch = "/tmp/fairlead-architecture-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let command = "timeout 120 swift package --package-path '\(root)' --scratch-path \(scratch) dump-package"
        let text = try output(of: command)
        return try JSONDecoder().decode(PackageDescription.self, from: text)
    }

    private static func output(of command: String) throws -> Data {
        let pipe = try #require(popen(command, "r"))
        var collected = Data()
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 {
            collected.append(contentsOf: buffer[..<count])
        }
        try #require(pclose(pipe) == 0, "`\(command)` failed")
        return collected
    }
}
