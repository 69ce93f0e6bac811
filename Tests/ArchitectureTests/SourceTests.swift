import FoundationEssentials
import Testing

/// What the files themselves say: imports that match the description, and sizes that stay readable.
struct SourceTests {
    let package: PackageDescription

    init() throws { package = try PackageDescription.current.get() }

    /// Modules of the toolchain; `Foundation` itself only where GRDB brings it along.
    static let toolchain: Set<String> = ["Glibc", "FoundationEssentials", "Synchronization", "Dispatch", "Testing"]
    static let usersOfFoundation: Set<String> = ["Persistence", "PersistenceTests"]

    static func swiftFiles(under folder: String) throws -> [String] {
        let root = PackageDescription.root + "/" + folder
        return try FileManager.default.subpathsOfDirectory(atPath: root)
            .filter { $0.hasSuffix(".swift") }
            .map { root + "/" + $0 }
    }

    static func lines(of file: String) throws -> [Substring] {
        let data = try #require(FileManager.default.contents(atPath: file))
        return String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The modules that a file imports.
    static func imports(of file: String) throws -> Set<String> {
        let statement =
            /^(?:@\w+\s+|public\s+|package\s+|internal\s+|fileprivate\s+|private\s+)*import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(\w+)/
        return Set(try lines(of: file).compactMap { try? statement.firstMatch(in: $0)?.1 }.map(String.init))
    }

    @Test func importsMatchTheDescription() throws {
        for target in package.targets where target.type != "system" && target.isSwift {
            let declared = Set(target.dependencies.map(\.name))
            var imported: Set<String> = []
            for file in try Self.swiftFiles(under: target.path) { imported.formUnion(try Self.imports(of: file)) }
            var free = Self.toolchain
            if Self.usersOfFoundation.contains(target.name) { free.insert("Foundation") }
            let undeclared = imported.subtracting(declared).subtracting(free)
            #expect(undeclared.isEmpty, "\(target.name) imports \(undeclared.sorted()) without declaring it")
            let unused = declared.subtracting(imported)
            #expect(unused.isEmpty, "\(target.name) declares \(unused.sorted()) and never imports it")
        }
    }

    @Test(arguments: ["Sources", "Tests"])
    func noFileIsLong(folder: String) throws {
        for file in try Self.swiftFiles(under: folder) {
            let count = try Self.lines(of: file).count
            #expect(count <= 501, "\(file) has \(count) lines")
        }
    }

    @Test func testTargetsLiveUnderTests() throws {
        for target in package.targets where target.type == "test" {
            #expect(target.path == "Tests/\(target.name)")
        }
        let folders = try FileManager.default.contentsOfDirectory(atPath: PackageDescription.root + "/Tests")
            .filter { $0.hasSuffix("Tests") }
        let declared = Set(package.targets.map(\.name))
        for folder in folders {
            let isDeclared = declared.contains(folder)
            #expect(isDeclared, "Tests/\(folder) is not in Package.swift, so it never runs")
        }
    }
}
