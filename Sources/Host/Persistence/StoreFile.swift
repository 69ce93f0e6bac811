import Foundation
import GRDB
import Glibc

/// The store's file before it is opened for writing: made when there is none, refused when it isn't what it should be.
/// Nothing is written to a file that is refused.
struct StoreFile {
    let path: String

    /// Makes the store if there is none, and looks at it if there is one.
    ///
    /// - Returns: what is in it, or nil if that is to be read when it has been migrated.
    func prepare() throws(StoreError) -> StoredState? {
        var state: StoredState? = StoredState()
        if try exists() {
            try checkHeader()
            state = try StoreContents(file: self).check()
        } else {
            try create()
        }
        guard chmod(path, 0o600) == 0 else { throw systemError("set the mode of", path) }
        return state
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
            throw failure("create", error)
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
        let formats = header[18...19]
        guard formats.first == formats.last, formats.allSatisfy({ (1...2).contains($0) }) else {
            throw StoreError.damaged(path, "its header names no known file format")
        }
        try checkVersion(Int(word(60)))
        try checkLength(pages: Int(word(28)), pageSize: Int(word(16) >> 16))
    }

    /// SQLite takes a last page that isn't whole for one that ends in zeros. While there is something in the write-ahead
    /// log, the file may be shorter than it says: the log has the rest.
    private func checkLength(pages: Int, pageSize: Int) throws(StoreError) {
        var (file, log) = (stat(), stat())
        guard lstat(path, &file) == 0 else { throw systemError("look at", path) }
        if lstat(path + "-wal", &log) == 0, log.st_size > 0 { return }
        // The largest size doesn't fit and is written as 1.
        let length = pages * (pageSize == 1 ? 65_536 : pageSize)
        guard file.st_size < length else { return }
        throw StoreError.damaged(path, "it has \(file.st_size) bytes of \(length)")
    }

    func checkVersion(_ version: Int) throws(StoreError) {
        // A store appears under its name only when it has a version.
        guard version > 0 else { throw StoreError.damaged(path, "its version is \(version)") }
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
        let count = Glibc.read(file, &header, header.count)
        guard count >= 0 else { throw systemError("read", path) }
        return Array(header.prefix(count))
    }

    /// SQLite's refusal; it doesn't always say that it is for want of room.
    func failure(_ action: String, _ error: any Error) -> StoreError {
        var reason = describe(error)
        var room = statvfs()
        if let code = (error as? DatabaseError)?.resultCode, code != .SQLITE_FULL,
            statvfs(Self.directory(of: path), &room) == 0, room.f_bavail == 0
        {
            reason += " (\(String(cString: strerror(ENOSPC))))"
        }
        return StoreError(.system, "cannot \(action) \(path): \(reason)")
    }

    /// A whole file, or nil if there is none.
    static func read(_ path: String) throws(StoreError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw systemError("open", path)
        }
        defer { Glibc.close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw systemError("look at", path) }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var length = 0
        while length < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(file, buffer.baseAddress.map { $0 + length }, buffer.count - length)
            }
            guard count >= 0 else { throw systemError("read", path) }
            if count == 0 { break }
            length += count
        }
        return Array(bytes.prefix(length))
    }

    /// Makes a new name in the file's directory last.
    static func syncDirectory(of path: String) throws(StoreError) {
        try sync(directory(of: path))
    }

    private static func directory(of path: String) -> String {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        return directory.isEmpty ? "/" : directory
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
