internal import CShims
import Glibc

/// The file of a listening unix socket, recognised by inode so that only our own is removed.
struct UnixSocketFile: Sendable {
    let path: String
    private let device: dev_t
    private let inode: ino_t

    private static let mode: mode_t = 0o660

    /// Binds a socket at `path` without listening yet: nobody can connect before mode and group are right. A file left
    /// by a daemon that is gone is replaced; one that is listened on, or is no socket, is an error.
    static func bind(
        path: String, group: SocketGroup
    ) throws(ListenError) -> (file: UnixSocketFile, descriptor: Int32, warnings: [String]) {
        let name = "unix://\(path)"
        try removeStale(path)
        let descriptor = try makeSocket(name)
        var isBound = false
        do throws(ListenError) {
            guard withAddress(path, { Glibc.bind(descriptor, $0, $1) }) == 0 else {
                throw ListenError("can't create unix socket \(path): \(errorText(errno))")
            }
            isBound = true
            let warnings = try setGroup(group, of: path)
            var status = stat()
            guard chmod(path, mode) == 0, lstat(path, &status) == 0 else {
                throw ListenError("can't create unix socket \(path): \(errorText(errno))")
            }
            return (UnixSocketFile(path: path, device: status.st_dev, inode: status.st_ino), descriptor, warnings)
        } catch {
            close(descriptor)
            if isBound { unlink(path) }
            throw error
        }
    }

    /// The file at `path`, if that is the one which the socket is bound to.
    init?(of descriptor: Int32, at path: String) {
        let file = shim_unix_socket_file(descriptor)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bound = stat()
        var found = stat()
        guard fstat(file, &bound) == 0, lstat(path, &found) == 0, bound.st_dev == found.st_dev,
            bound.st_ino == found.st_ino
        else { return nil }
        self.init(path: path, device: found.st_dev, inode: found.st_ino)
    }

    private init(path: String, device: dev_t, inode: ino_t) {
        self.path = path
        self.device = device
        self.inode = inode
    }

    /// Sets mode and group anew: another group may be configured by now.
    ///
    /// - Returns: warnings.
    func setAccess(group: SocketGroup) throws(ListenError) -> [String] {
        let warnings = try Self.setGroup(group, of: path)
        guard chmod(path, Self.mode) == 0 else {
            throw ListenError("can't create unix socket \(path): \(errorText(errno))")
        }
        return warnings
    }

    /// Unlinks the file if it is still the one we made.
    func remove() {
        var status = stat()
        if lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode { unlink(path) }
    }

    private static func makeSocket(_ name: String) throws(ListenError) -> Int32 {
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw ListenError("cannot listen on \(name): \(errorText(errno))") }
        return descriptor
    }

    private static func removeStale(_ path: String) throws(ListenError) {
        guard !path.isEmpty, path.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) else {
            throw ListenError("can't create unix socket \(path): a path has 1 to 107 bytes")
        }
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ListenError("can't create unix socket \(path): a file that is no socket is in the way")
        }
        let probe = try makeSocket("unix://\(path)")
        defer { close(probe) }
        let result = withAddress(path) { connect(probe, $0, $1) }
        // EAGAIN: somebody listens, with a full backlog. EPROTOTYPE: a datagram socket is bound there.
        if result == 0 || errno != ECONNREFUSED && errno != ENOENT {
            throw ListenError("can't create unix socket \(path): another process listens on it")
        }
        unlink(path)
    }

    private static func setGroup(_ group: SocketGroup, of path: String) throws(ListenError) -> [String] {
        let name: String
        switch group {
        case .own: return []
        case .preferred(let text), .required(let text): name = text
        }
        let problem: String
        if let id = groupID(name) {
            if chown(path, uid_t.max, id) == 0 { return [] }
            problem = errorText(errno)
        } else {
            problem = "group \(name) not found"
        }
        if case .required = group {
            throw ListenError("could not change group of unix://\(path) to \(name): \(problem)")
        }
        return ["could not change group of unix://\(path) to \(name): \(problem)"]
    }

    /// By name, else as a number.
    private static func groupID(_ name: String) -> gid_t? {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 1 << 16)
        if getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, let found { return found.pointee.gr_gid }
        return gid_t(name)
    }

    private static func withAddress(
        _ path: String, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
