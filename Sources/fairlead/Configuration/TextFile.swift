import Glibc

/// Why a file can't be read, in the system's words.
struct TextFileError: Error, Hashable, CustomStringConvertible {
    let errno: Int32

    var description: String { String(cString: strerror(errno)) }
}

/// Whole small files.
enum TextFile {
    /// Nothing that is read is larger.
    private static let limit = 16 << 20

    /// The bytes of a file; nil when there is none.
    static func read(_ path: String) throws(TextFileError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw TextFileError(errno: errno)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw TextFileError(errno: errno)
            }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            if bytes.count > limit { throw TextFileError(errno: EFBIG) }
        }
    }
}
