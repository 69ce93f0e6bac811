import Glibc
import JSON
import Synchronization

@testable import fairlead

/// A folder of its own for one test; removed with its files at the end.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/fairlead-command-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestFailure("mkdtemp: \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        if let entries = opendir(path) {
            while let entry = readdir(entries) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                unlink(path + "/" + name)
            }
            closedir(entries)
        }
        rmdir(path)
    }

    /// Writes a file and gives its path.
    func write(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        let descriptor = open(file, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        guard descriptor >= 0 else { throw TestFailure("open \(file): \(errno)") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw TestFailure("write: \(errno)") }
        return file
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// What `serve` would make of a command line and a file.
func configuration(
    _ words: [String] = [], file: String? = nil, program: Program = .fairlead, environment: [String: String] = [:]
) throws -> DaemonConfiguration {
    let arguments = ServeArguments(words)
    let options = try ServeOptions.parse(arguments.words)
    var warnings: [String] = []
    for flag in arguments.foreign {
        warnings.append(try flag.directive.judge(flag.value, name: "--\(flag.directive.flag ?? "")"))
    }
    return try DaemonConfiguration(
        program: program, flags: try options.directives(),
        file: try file.map { try ConfigurationFile(path: "/etc/daemon.json", contents: Array($0.utf8)) },
        environment: environment, warnings: warnings)
}

/// The refusal of a command line and a file.
func refusal(
    _ words: [String] = [], file: String? = nil, program: Program = .fairlead, environment: [String: String] = [:]
) -> String? {
    do {
        _ = try configuration(words, file: file, program: program, environment: environment)
        return nil
    } catch let error as ConfigurationError {
        return error.message
    } catch {
        return ServeOptions.message(for: error)
    }
}
