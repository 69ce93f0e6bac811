import Glibc

/// Small files of text, such as those of `/proc` and `/etc`.
enum TextFile {
    /// Reads a whole file; what isn't UTF-8 in it is repaired.
    static func read(_ path: String) throws(SystemCallError) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemCallError("open", path, errno: errno) }
        defer { close(file) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count == 0 { return String(decoding: text, as: UTF8.self) }
            if count > 0 {
                text.append(contentsOf: buffer[..<count])
            } else if errno != EINTR {
                throw SystemCallError("read", path, errno: errno)
            }
        }
    }
}
