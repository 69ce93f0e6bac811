import Foundation
import GRDB
import Glibc

/// The store's file before it is opened for writing: made when there is none, refused when it isn't what it should be.
/// Nothing is written to a file that is refused.
struct StoreFile {
    let path: String

    /// Makes the store if there is none, and looks at it if there is one.
    func prepare() throws(StoreError) {
        if try exists() {
            try checkHeader()
            try checkContents()
        } else {
            try create()
        }
        guard chmod(path, 0o600) == 0 else { throw systemError("set the mode of", path) }
    }

    private func exists() throws(StoreError) -> Bool {
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw StoreError(.foreign, "\(path) is not a regular file: choose another data root or move it away.")
            }
            return true
        }
        guard errno == ENOENT else { throw systemError("look at", path) }
        return false
    }

    /// A store appears under its name only when it is complete, so no crash leaves half of one.
    private func create() throws(StoreError) {
        let draft = path + ".new"
        guard unlink(draft) == 0 || errno == ENOENT else { throw systemError("remove", draft) }
        let file = open(draft, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw systemError("create", draft) }
        Glibc.close(file)
        do {
            let queue = try DatabaseQueue(path: draft)
            try queue.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = FULL")
                try Schema.migrate(database, from: 0)
            }
            try queue.close()
        } catch {
            unlink(draft)
            throw StoreError(.system, "cannot create \(path): \(describe(error))")
        }
        guard rename(draft, path) == 0 else { throw systemError("create", path) }
        try Self.syncDirectory(of: path)
    }

    /// The header of a database file (https://www.sqlite.org/fileformat.html section 1.3).
    private func checkHeader() throws(StoreError) {
        let header = try readHeader()
        guard header.count == 100 else {
            throw StoreError.damaged(path, "it has \(header.count) bytes, less than a header")
        }
        guard header.starts(with: Array("SQLite format 3\0".utf8)) else {
            throw foreign("it is no SQLite database")
        }
        let word = { (offset: Int) in header[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
        guard word(68) == Schema.applicationID else { throw foreign("it is another program's database") }
        try checkVersion(Int(word(60)))
    }

    func checkVersion(_ version: Int) throws(StoreError) {
        guard version > Schema.version else { return }
        throw StoreError(
            .newer,
            "\(path) was written by a newer Fairlead (store version \(version), this one knows up to "
                + "\(Schema.version)): start that one again, or restore a backup made before the upgrade.")
    }

    private func foreign(_ reason: String) -> StoreError {
        StoreError(
            .foreign,
            "\(path) is not a store of Fairlead (\(reason)): choose another data root or move it away. "
                + "It was left as it is.")
    }

    private func readHeader() throws(StoreError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw systemError("open", path) }
        defer { Glibc.close(file) }
        var header = [UInt8](repeating: 0, count: 100)
        let count = read(file, &header, header.count)
        guard count >= 0 else { throw systemError("read", path) }
        return Array(header.prefix(count))
    }

    /// Through a read-only connection, which changes nothing in the file, not even by a checkpoint.
    private func checkContents() throws(StoreError) {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let problem: String?
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            problem = try queue.inDatabase { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
            try queue.close()
        } catch {
            let isDamage = (error as? DatabaseError).map { [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains($0.resultCode) }
            if isDamage == true { throw StoreError.damaged(path, describe(error)) }
            throw StoreError(.system, "cannot open \(path): \(describe(error))")
        }
        if problem != "ok" { throw StoreError.damaged(path, problem ?? "no answer to quick_check") }
    }

    /// Makes a new name in the file's directory last.
    static func syncDirectory(of path: String) throws(StoreError) {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try sync(directory.isEmpty ? "/" : directory)
    }

    static func sync(_ path: String) throws(StoreError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw systemError("open", path) }
        defer { Glibc.close(file) }
        guard fsync(file) == 0 else { throw systemError("sync", path) }
    }
}

func systemError(_ action: String, _ path: String) -> StoreError {
    let reason = String(cString: strerror(errno))
    return StoreError(.system, "cannot \(action) \(path): \(reason)")
}

/// SQLite's own words, without the statement that GRDB adds.
func describe(_ error: any Error) -> String {
    if let error = error as? DatabaseError { return error.message ?? error.resultCode.description }
    return "\(error)"
}
