import FoundationEssentials

/// The routes in `openapi/fairlead.yaml`: of its `paths`, what two and four spaces of indentation make keys of.
struct OpenAPIDocument {
    /// `GET /networks/{id}`
    let operations: Set<String>

    init() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let text = try String(contentsOfFile: root + "/openapi/fairlead.yaml", encoding: .utf8)
        var operations: Set<String> = []
        var isInPaths = false
        var path = ""
        for line in text.split(separator: "\n") {
            let indentation = line.prefix { $0 == " " }.count
            let key = line.dropFirst(indentation)
            if indentation == 0 { isInPaths = line == "paths:" }
            guard isInPaths, key.last == ":" else { continue }
            if indentation == 2 { path = String(key.dropLast()) }
            if indentation == 4 { operations.insert(key.dropLast().uppercased() + " " + path) }
        }
        self.operations = operations
    }
}
